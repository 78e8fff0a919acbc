import type * as PromClient from 'prom-client';
import { collectProcessMetrics, Counter, Gauge, Histogram, Registry } from './prom-client-parts.js';
import { ServiceMetrics } from '../service-metrics.js';

/** The registry with the metrics of the process itself; only one service of a process exposes them. */
let processRegistryHolder: PromClient.Registry | undefined;

export class PrometheusServiceMetrics extends ServiceMetrics {
  readonly registry = new Registry();

  constructor(service: string) {
    super();
    this.registry.setDefaultLabels({ service });
    if (processRegistryHolder === undefined) {
      processRegistryHolder = this.registry;
      collectProcessMetrics(this.registry);
    }
  }

  counter<Label extends string>(
    name: string,
    help: string,
    labels: readonly Label[] = [],
  ): PromClient.Counter<Label> {
    return this.getOrCreate(
      name,
      'counter',
      () => new Counter({ name, help, labelNames: labels, registers: [this.registry] }),
    );
  }

  gauge<Label extends string>(
    name: string,
    help: string,
    labels: readonly Label[] = [],
  ): PromClient.Gauge<Label> {
    return this.getOrCreate(
      name,
      'gauge',
      () => new Gauge({ name, help, labelNames: labels, registers: [this.registry] }),
    );
  }

  histogram<Label extends string>(
    name: string,
    help: string,
    labels: readonly Label[] = [],
    buckets?: readonly number[],
  ): PromClient.Histogram<Label> {
    const options = { name, help, labelNames: labels, registers: [this.registry] };
    return this.getOrCreate(
      name,
      'histogram',
      () => new Histogram(buckets === undefined ? options : { ...options, buckets: [...buckets] }),
    );
  }

  /** Lets another service of the process expose the metrics of the process. */
  release(): void {
    if (processRegistryHolder === this.registry) processRegistryHolder = undefined;
    this.registry.clear();
  }

  private getOrCreate<M extends PromClient.Metric>(
    name: string,
    type: 'counter' | 'gauge' | 'histogram',
    create: () => M,
  ): M {
    const existing = this.registry.getSingleMetric(name);
    if (existing === undefined) return create();
    if (
      (existing as unknown as { type?: string }).type === type ||
      existing.constructor.name.toLowerCase() === type
    ) {
      return existing as M;
    }
    throw new TypeError(
      `Metric ${name} exists already and is a ${existing.constructor.name.toLowerCase()}, not a ${type}`,
    );
  }
}
