import { type CacheWrite } from './cache.js';
import { InvalidCacheWriteError } from './cache-errors.js';

const maxKeyBytes = 1024;

/** What every adapter refuses, so that a write that one accepts is accepted by all. */
export function checkWrite({ key, ttlMs }: CacheWrite): void {
  const bytes = Buffer.byteLength(key);
  if (bytes === 0 || bytes > maxKeyBytes) {
    throw new InvalidCacheWriteError(`A key has 1 to ${maxKeyBytes} bytes, not ${bytes}`);
  }
  if (ttlMs !== undefined && !(Number.isFinite(ttlMs) && ttlMs > 0)) {
    throw new InvalidCacheWriteError(
      `The TTL of ${JSON.stringify(key.slice(0, 80))} is ${ttlMs} ms; it must be above 0`,
    );
  }
}
