import { type Cache } from './cache.js';
import { CacheDriverUnknownError } from './cache-errors.js';
import { openEmbeddedCache, type EmbeddedCacheOptions } from './embedded/embedded-cache.js';
import { openRedisCache, type RedisCacheOptions } from './redis/redis-cache.js';

export type CacheConfig =
  | { readonly driver: 'embedded'; readonly directory: string; readonly options?: EmbeddedCacheOptions }
  | {
      readonly driver: 'redis';
      /** `redis://` or, with TLS, `rediss://`. */
      readonly url: string;
      readonly options?: RedisCacheOptions;
    };

/** The cache that the configuration names. It never falls back to another one. */
export function createCache(config: CacheConfig): Promise<Cache> {
  switch (config.driver) {
    case 'embedded':
      return openEmbeddedCache(config.directory, config.options);
    case 'redis':
      return openRedisCache(config.url, config.options);
    default:
      return Promise.reject(new CacheDriverUnknownError((config as { readonly driver: string }).driver));
  }
}
