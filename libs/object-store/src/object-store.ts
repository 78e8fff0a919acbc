import { type Closeable } from '@headrace/kernel';

export interface StoredObject {
  readonly key: string;
  readonly size: number;
  /** `sha256:` and 64 hexadecimal digits. */
  readonly digest: string;
  readonly modifiedAt: Date;
}

/**
 * Immutable blobs by key: artifacts, training sets, the data lake. Guarantees of every adapter:
 *
 * - `put` is atomic: a reader sees the whole object or none. With `ifAbsent` a second writer gets a conflict.
 * - `get` verifies the SHA-256 that was stored with the object and fails on a mismatch; damaged bytes are never returned.
 * - Keys are relative paths of letters, digits and `._-=/`; `..`, empty segments, absolute paths, NUL and backslashes are
 *   refused, so that no key escapes the root.
 * - Objects larger than memory go through `putStream` (multi-part) and `getStream`.
 * - `list` is ordered by key and complete, however many objects there are.
 *
 * Adapters: FileObjectStore, S3ObjectStore.
 */
export abstract class ObjectStore implements Closeable {
  abstract put(
    key: string,
    content: Uint8Array,
    options?: { readonly ifAbsent?: boolean },
  ): Promise<StoredObject>;
  abstract putStream(key: string, content: AsyncIterable<Uint8Array>): Promise<StoredObject>;
  /** Fails with OBJECT_NOT_FOUND or OBJECT_CORRUPT. */
  abstract get(key: string): Promise<Uint8Array>;
  /** The checksum is verified as the last chunk passes; a mismatch fails the stream. */
  abstract getStream(key: string): Promise<AsyncIterable<Uint8Array>>;
  abstract head(key: string): Promise<StoredObject | undefined>;
  abstract list(prefix: string): AsyncIterable<StoredObject>;
  /** Idempotent: a missing object is not an error. */
  abstract delete(key: string): Promise<void>;
  abstract check(): Promise<void>;
  abstract close(): Promise<void>;
}
