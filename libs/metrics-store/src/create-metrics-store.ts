import {
  openEmbeddedMetricsStore,
  type EmbeddedMetricsStoreOptions,
} from './embedded/embedded-metrics-store.js';
import { openInfluxMetricsStore, type InfluxConfig } from './influx/influx-metrics-store.js';
import { type MetricsStore } from './metrics-store.js';
import { MetricsStoreDriverUnknownError } from './metrics-store-errors.js';

export type MetricsStoreConfig =
  | {
      readonly driver: 'embedded';
      readonly directory: string;
      readonly options?: EmbeddedMetricsStoreOptions;
    }
  | ({ readonly driver: 'influx' } & InfluxConfig);

/** The metrics store that the configuration names. It never falls back to another one. */
export async function createMetricsStore(config: MetricsStoreConfig): Promise<MetricsStore> {
  switch (config.driver) {
    case 'embedded':
      return openEmbeddedMetricsStore(config.directory, config.options);
    case 'influx':
      return openInfluxMetricsStore(config);
    default:
      throw new MetricsStoreDriverUnknownError((config as { readonly driver: string }).driver);
  }
}
