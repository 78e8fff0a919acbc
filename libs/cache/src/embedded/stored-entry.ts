import { crc32 } from 'node:zlib';
import { CacheCorruptError } from '../cache-errors.js';

/** What the map holds for a key. */
export interface Entry {
  readonly value: Buffer;
  readonly writtenAt: number;
  /** Infinity: never. */
  readonly expiresAt: number;
  readonly version: string;
}

const headBytes = 4 + 8 + 8 + 1;

/** crc32 of the rest, time of writing, time of expiry, length of the version, version, value. */
export function encodeEntry({ value, writtenAt, expiresAt, version }: Entry): Buffer {
  const stored = Buffer.allocUnsafe(headBytes + version.length + value.length);
  stored.writeDoubleBE(writtenAt, 4);
  stored.writeDoubleBE(expiresAt, 12);
  stored.writeUInt8(version.length, 20);
  stored.write(version, headBytes, 'latin1');
  value.copy(stored, headBytes + version.length);
  stored.writeUInt32BE(crc32(stored.subarray(4)), 0);
  return stored;
}

export function decodeEntry(key: string, stored: Buffer): Entry {
  if (stored.length < headBytes || crc32(stored.subarray(4)) !== stored.readUInt32BE(0)) {
    throw new CacheCorruptError(
      `The stored value of ${JSON.stringify(key)} is damaged: its checksum differs`,
    );
  }
  const valueAt = headBytes + stored.readUInt8(20);
  return {
    value: Buffer.from(stored.subarray(valueAt)),
    writtenAt: stored.readDoubleBE(4),
    expiresAt: stored.readDoubleBE(12),
    version: stored.toString('latin1', headBytes, valueAt),
  };
}
