export {
  MetricsStore,
  type Aggregation,
  type MetricPoint,
  type MetricQuery,
  type MetricsWriteStatus,
  type SeriesPoint,
} from './metrics-store.js';
export {
  InvalidMetricQueryError,
  MetricsStoreClosedError,
  MetricsStoreCorruptError,
  MetricsStoreDriverUnknownError,
  MetricsStoreFormatUnsupportedError,
  MetricsStoreInUseError,
  MetricsStoreRefusedError,
  MetricsStoreUnavailableError,
} from './metrics-store-errors.js';
export { createMetricsStore, type MetricsStoreConfig } from './create-metrics-store.js';
export {
  EmbeddedMetricsStore,
  openEmbeddedMetricsStore,
  type EmbeddedMetricsStoreOptions,
} from './embedded/embedded-metrics-store.js';
export {
  InfluxMetricsStore,
  openInfluxMetricsStore,
  type InfluxConfig,
} from './influx/influx-metrics-store.js';
