import { createHash } from 'node:crypto';
import { ObjectCorruptError } from './object-store-errors.js';

export interface Expected {
  readonly key: string;
  readonly size: number;
  readonly sha256: string;
}

/** Hands chunks on, and fails behind the last one when they were not what was stored. */
export async function* verifyDigest(
  { key, size, sha256 }: Expected,
  content: AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  const hash = createHash('sha256');
  let seen = 0;
  for await (const chunk of content) {
    hash.update(chunk);
    seen += chunk.byteLength;
    yield chunk;
  }
  const actual = hash.digest('hex');
  if (seen !== size) throw new ObjectCorruptError(key, `it has ${seen} bytes, ${size} were stored`);
  if (actual !== sha256) throw new ObjectCorruptError(key, `its SHA-256 is ${actual}, ${sha256} was stored`);
}
