export {
  MetricsStore,
  type Aggregation,
  type MetricPoint,
  type MetricQuery,
  type MetricsWriteStatus,
  type SeriesPoint,
} from './metrics-store.js';
export { createMetricsStore, type MetricsStoreConfig } from './create-metrics-store.js';
export { type EmbeddedMetricsStoreOptions } from './embedded/embedded-metrics-store.js';
export { type InfluxConfig } from './influx/influx-metrics-store.js';
