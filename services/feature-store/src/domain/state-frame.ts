import { crc32 } from 'node:zlib';
import { AppError } from '@headrace/kernel';

/** Format 2 had the waiting labels in the JSON of a head; its rows are the same. */
export const stateFormat = 3;
const minFormat = 2;

// 'HRFS', format (16 bits), kind (16 bits), length of the content, CRC-32 of all but itself.
const magic = 0x53465248;
const headerBytes = 16;
const checksumAt = 12;

export type FrameKind = 'rows' | 'head';
const kinds: readonly FrameKind[] = ['rows', 'head'];

/** A newer release wrote the state; to continue without it would overwrite what that release needs. */
export class StateNewerError extends AppError {
  readonly code = 'FEATURE_STORE_STATE_NEWER';
  readonly kind = 'conflict';

  constructor(readonly format: number) {
    super(
      `The stored state has format ${format}, this release reads ${stateFormat}; run the release that wrote it, or delete the state to start with empty windows`,
    );
  }
}

export class StateDamagedError extends AppError {
  readonly code = 'FEATURE_STORE_STATE_DAMAGED';
  readonly kind = 'internal';

  constructor(readonly reason: string) {
    super(`The stored state is damaged: ${reason}; delete it to start with empty windows`);
  }
}

/** Frames bytes with their kind, format and a checksum. */
export function encodeFrame(kind: FrameKind, ...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const bytes = new Uint8Array(headerBytes + length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, magic, true);
  view.setUint16(4, stateFormat, true);
  view.setUint16(6, kinds.indexOf(kind), true);
  view.setUint32(8, length, true);
  let at = headerBytes;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  view.setUint32(checksumAt, computeChecksum(bytes), true);
  return bytes;
}

/** The content of a frame; a copy, so that it is aligned for an array of numbers. */
export function decodeFrame(kind: FrameKind, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  if (bytes.length < headerBytes) throw new StateDamagedError(`${bytes.length} bytes are not a header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== magic) {
    throw new StateDamagedError('it does not begin with the magic number');
  }
  const format = view.getUint16(4, true);
  // Before everything else: a newer release may lay out the rest in another way.
  if (format > stateFormat) throw new StateNewerError(format);
  const length = view.getUint32(8, true);
  if (length !== bytes.length - headerBytes) {
    throw new StateDamagedError(`it has ${bytes.length - headerBytes} of ${length} bytes`);
  }
  if (view.getUint32(checksumAt, true) !== computeChecksum(bytes)) {
    throw new StateDamagedError('its checksum does not match');
  }
  if (format < minFormat) throw new StateDamagedError(`format ${format} was never stored`);
  const found = kinds[view.getUint16(6, true)] ?? 'unknown';
  if (found !== kind) throw new StateDamagedError(`it is a frame of ${found}, not of ${kind}`);
  return new Uint8Array(bytes.subarray(headerBytes));
}

function computeChecksum(frame: Uint8Array): number {
  return crc32(frame.subarray(headerBytes), crc32(frame.subarray(0, checksumAt)));
}
