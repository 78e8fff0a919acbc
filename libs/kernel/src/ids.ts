import { createHash, hash, randomBytes } from 'node:crypto';

/**
 * The identifier of something derived: equal parts give the equal id on every machine, so that processing an input
 * twice produces the same facts. 128 bits of SHA-256 over the length-prefixed parts, in lower-case hexadecimal.
 */
export function deterministicId(...parts: readonly string[]): string {
  // In one call: a hash object costs three times the hashing of so short a text.
  const prefixed = parts.map((part) => `${Buffer.byteLength(part)}:${part}`).join('');
  return hash('sha256', prefixed, 'hex').slice(0, 32);
}

/** A new identifier that sorts by time of creation (UUID version 7, RFC 9562). */
export function newId(now: Date): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(now.getTime(), 0, 6);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** SHA-256 of bytes or text, `sha256:` and 64 hexadecimal digits: how artifacts and training sets are named. */
export function digestOf(content: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}
