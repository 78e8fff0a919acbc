import { crc32 } from 'node:zlib';
import { AppError } from '@headrace/kernel';
import { type IncomingRecord, type OutgoingRecord, type RecordPosition } from '../event-bus.js';

/** What lies on disk is not what was written. Nothing is repaired: a log with a hole would be a lie. */
export class LogCorruptError extends AppError {
  readonly code = 'MESSAGING_DATA_CORRUPT';
  readonly kind = 'internal';

  constructor(what: string, cause?: unknown) {
    super(
      `${what}; restore the data directory from a backup, or move it away to start with an empty log`,
      cause === undefined ? undefined : { cause },
    );
  }
}

/*
 * One record on disk, little-endian:
 *   u32 CRC-32 of everything behind it, f64 timestamp in ms,
 *   i32 bytes of the key (-1: none), u32 bytes of the headers (JSON; 0: none), key, headers, value.
 */
const frameBytes = 4 + 8 + 4 + 4;

export function encodeStored(record: OutgoingRecord, timestamp: number): Buffer {
  const key = record.key;
  const headers = hasOwnFields(record.headers) ? JSON.stringify(record.headers) : '';
  const keyBytes = key === undefined ? 0 : Buffer.byteLength(key);
  const headerBytes = Buffer.byteLength(headers);
  const buffer = Buffer.allocUnsafe(frameBytes + keyBytes + headerBytes + record.value.length);
  buffer.writeDoubleLE(timestamp, 4);
  buffer.writeInt32LE(key === undefined ? -1 : keyBytes, 12);
  buffer.writeUInt32LE(headerBytes, 16);
  if (key !== undefined) buffer.write(key, frameBytes);
  buffer.write(headers, frameBytes + keyBytes);
  buffer.set(record.value, frameBytes + keyBytes + headerBytes);
  buffer.writeUInt32LE(crc32(buffer.subarray(4)), 0);
  return buffer;
}

/** `stored` may point into the memory map of the log: everything that leaves here is a copy. */
export function decodeStored(position: RecordPosition, stored: Buffer): IncomingRecord {
  checkFrame(position, stored);
  const keyBytes = stored.readInt32LE(12);
  const keyEnd = frameBytes + Math.max(keyBytes, 0);
  const headersEnd = keyEnd + stored.readUInt32LE(16);
  const headers = stored.toString('utf8', keyEnd, headersEnd);
  return {
    ...position,
    key: keyBytes < 0 ? undefined : stored.toString('utf8', frameBytes, keyEnd),
    headers: headers === '' ? {} : (JSON.parse(headers) as Record<string, string>),
    value: Buffer.from(stored.subarray(headersEnd)),
    timestamp: new Date(stored.readDoubleLE(4)),
  };
}

export function timestampOfStored(stored: Buffer): number {
  return stored.readDoubleLE(4);
}

export function keyOfStored(stored: Buffer): string | undefined {
  const keyBytes = stored.readInt32LE(12);
  return keyBytes < 0 ? undefined : stored.toString('utf8', frameBytes, frameBytes + keyBytes);
}

function checkFrame({ topic, partition, offset }: RecordPosition, stored: Buffer): void {
  if (stored.length < frameBytes || crc32(stored.subarray(4)) !== stored.readUInt32LE(0)) {
    throw new LogCorruptError(`Record ${topic}/${partition}/${offset} does not match its checksum`);
  }
}

function hasOwnFields(value: object): boolean {
  for (const _ in value) return true;
  return false;
}
