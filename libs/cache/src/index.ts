export { Cache, type Cached, type CacheWrite } from './cache.js';
export {
  CacheClosedError,
  CacheCorruptError,
  CacheDriverUnknownError,
  CacheFormatUnsupportedError,
  CacheRefusedError,
  CacheUnavailableError,
  InvalidCacheWriteError,
} from './cache-errors.js';
export { createCache, type CacheConfig } from './create-cache.js';
export { EmbeddedCache, openEmbeddedCache, type EmbeddedCacheOptions } from './embedded/embedded-cache.js';
export { openRedisCache, RedisCache, type RedisCacheOptions } from './redis/redis-cache.js';
