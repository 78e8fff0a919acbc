export { Cache, type Cached, type CacheWrite } from './cache.js';
export { createCache, type CacheConfig } from './create-cache.js';
export { type EmbeddedCacheOptions } from './embedded/embedded-cache.js';
export { type RedisCacheOptions } from './redis/redis-cache.js';
