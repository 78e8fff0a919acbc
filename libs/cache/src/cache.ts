import { type Closeable } from '@headrace/kernel';

/** A stored value with its age: how long ago it was written, in milliseconds. */
export interface Cached {
  readonly value: Uint8Array;
  readonly ageMs: number;
  /** Changes with every write; what `compareAndSet` compares. */
  readonly version: string;
}

export interface CacheWrite {
  readonly key: string;
  readonly value: Uint8Array;
  /** Undefined: kept until overwritten. */
  readonly ttlMs?: number | undefined;
}

/**
 * Key-value storage for caches and for the online feature store. Guarantees of every adapter:
 *
 * - A value is never returned after its TTL, not even while its removal is pending.
 * - `getMany` is one round trip and answers in the order of the keys; a missing key is undefined.
 * - `setMany` is one round trip; a reader never sees half of one value.
 * - `compareAndSet` is atomic between processes that share the store; `expected` undefined means "only if absent".
 * - What `setMany` resolved survives a clean restart; the embedded adapter also survives `kill -9` once `flush` resolved.
 *
 * Adapters: EmbeddedCache, RedisCache.
 */
export abstract class Cache implements Closeable {
  abstract get(key: string): Promise<Cached | undefined>;
  abstract getMany(keys: readonly string[]): Promise<readonly (Cached | undefined)[]>;
  abstract set(write: CacheWrite): Promise<void>;
  abstract setMany(writes: readonly CacheWrite[]): Promise<void>;
  /** True when the value was replaced; false when the stored version is not the expected one. */
  abstract compareAndSet(write: CacheWrite, expected: string | undefined): Promise<boolean>;
  abstract delete(keys: readonly string[]): Promise<void>;
  /** Keys that begin with the prefix, in no order. For start-up and maintenance, not for request paths. */
  abstract keys(prefix: string): AsyncIterable<string>;
  /** Resolves when everything accepted so far is durable. */
  abstract flush(): Promise<void>;
  abstract check(): Promise<void>;
  abstract close(): Promise<void>;
}
