import type { Counter, Gauge, Histogram, Registry } from 'prom-client';

/**
 * Prometheus metrics of one service. Each service has its own registry, so that nine services in one process do not
 * mix. Requesting a name twice returns the same metric.
 */
export abstract class ServiceMetrics {
  abstract readonly registry: Registry;
  abstract counter<Label extends string>(
    name: string,
    help: string,
    labels?: readonly Label[],
  ): Counter<Label>;
  abstract gauge<Label extends string>(name: string, help: string, labels?: readonly Label[]): Gauge<Label>;
  abstract histogram<Label extends string>(
    name: string,
    help: string,
    labels?: readonly Label[],
    buckets?: readonly number[],
  ): Histogram<Label>;
}
