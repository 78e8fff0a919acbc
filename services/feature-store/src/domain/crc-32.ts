const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit += 1) {
    remainder = (remainder & 1) === 0 ? remainder >>> 1 : (remainder >>> 1) ^ 0xedb88320;
  }
  return remainder;
});

/** CRC-32 as in zlib; `before` is that of the bytes that came before. */
export function crc32(bytes: Uint8Array, before = 0): number {
  let checksum = ~before;
  for (const byte of bytes) checksum = (checksum >>> 8) ^ (table[(checksum ^ byte) & 0xff] as number);
  return ~checksum >>> 0;
}
