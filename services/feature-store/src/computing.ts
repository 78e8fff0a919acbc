export { CacheOnlineStore } from './adapters/cache/cache-online-store.js';
export { CacheStateStore } from './adapters/cache/cache-state-store.js';
export { ComputeFeatures } from './application/compute-features.js';
export { FeatureView, featureViewSchema } from './domain/feature-view.js';
export { labelSchema } from './domain/label.js';
