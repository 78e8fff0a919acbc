import { join } from 'node:path';
import { type Cache } from '@headrace/cache';
import { type Clock } from '@headrace/kernel';
import { type MetricsStore } from '@headrace/metrics-store';
import { type ObjectStore } from '@headrace/object-store';
import { type BackendsConfig } from '../configuration/backends-config.js';

// Adapters are loaded when they are opened, so that a service without a metrics store does not load DuckDB.

export async function openCache(config: BackendsConfig, clock: Clock): Promise<Cache> {
  const { createCache } = await import('@headrace/cache');
  return createCache(
    config.cacheUrl === undefined
      ? { driver: 'embedded', directory: join(config.dataDirectory, 'cache'), options: { clock } }
      : { driver: 'redis', url: config.cacheUrl },
  );
}

export async function openMetricsStore(config: BackendsConfig, clock: Clock): Promise<MetricsStore> {
  const { createMetricsStore } = await import('@headrace/metrics-store');
  return createMetricsStore(
    config.metrics.driver === 'embedded'
      ? { driver: 'embedded', directory: join(config.dataDirectory, 'metrics'), options: { clock } }
      : config.metrics,
  );
}

export async function openObjectStore(config: BackendsConfig): Promise<ObjectStore> {
  const { createObjectStore } = await import('@headrace/object-store');
  const { objects } = config;
  return createObjectStore(
    objects.driver === 'filesystem'
      ? { driver: 'filesystem', directory: objects.directory ?? join(config.dataDirectory, 'objects') }
      : objects,
  );
}
