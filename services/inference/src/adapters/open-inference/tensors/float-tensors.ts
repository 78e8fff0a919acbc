import { quoteName, TensorsInvalidError } from '../../../domain/inference-tensors.js';

export class BinaryPartInvalidError extends TensorsInvalidError {}

/** Little-endian FP32 from anywhere in a buffer; copied, because a typed array must be aligned. */
export function decodeFloats(input: string, bytes: Uint8Array): Float32Array {
  if (bytes.length % 4 !== 0) {
    throw new BinaryPartInvalidError(
      `The input ${quoteName(input)} has ${bytes.length} bytes, which is not a multiple of 4 as FP32 values are`,
    );
  }
  return new Float32Array(Uint8Array.from(bytes).buffer);
}

/** A view of the values as little-endian FP32; nothing is copied. */
export function encodeFloats(values: Float32Array): Buffer {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
}
