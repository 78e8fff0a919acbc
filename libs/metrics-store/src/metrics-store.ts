import { type Closeable, type Measured } from '@headrace/kernel';

export interface MetricPoint {
  readonly measurement: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, number>>;
  readonly time: Date;
}

export type Aggregation =
  'mean' | 'min' | 'max' | 'sum' | 'count' | 'first' | 'last' | { readonly quantile: number };

export interface MetricQuery {
  readonly measurement: string;
  readonly field: string;
  /** Every tag must be equal. */
  readonly tags?: Readonly<Record<string, string>>;
  /** Inclusive. */
  readonly from: Date;
  /** Exclusive. */
  readonly to: Date;
  readonly aggregation: Aggregation;
}

export interface SeriesPoint {
  /** Start of the window. */
  readonly time: Date;
  readonly value: Measured<number>;
}

/** Counters since the start. `dropped` points were refused because the buffer was full; they are counted, never silent. */
export interface MetricsWriteStatus {
  readonly accepted: number;
  readonly written: number;
  readonly dropped: number;
  readonly failed: number;
  readonly buffered: number;
}

/**
 * Time series of numbers. Guarantees of every adapter:
 *
 * - A window without points is `no-data`, never 0; also for `count` and `sum`.
 * - A late point (older than what is stored) lands in its window. The same series, time and field again: the last write wins.
 * - `write` never blocks: it buffers within a bound and answers how many points it took; the rest is counted as dropped.
 * - `flush` resolves when all that was buffered is stored, or rejects with the reason.
 * - Points older than the retention disappear.
 *
 * Adapters: EmbeddedMetricsStore (DuckDB), InfluxMetricsStore.
 */
export abstract class MetricsStore implements Closeable {
  /** How many of the points were taken into the buffer. */
  abstract write(points: readonly MetricPoint[]): number;
  abstract flush(): Promise<void>;
  abstract aggregate(query: MetricQuery): Promise<Measured<number>>;
  /** One value a window of `everyMs`, windows aligned to the epoch, also those without data. At most 10,000 windows. */
  abstract series(query: MetricQuery & { readonly everyMs: number }): Promise<readonly SeriesPoint[]>;
  abstract status(): MetricsWriteStatus;
  abstract check(): Promise<void>;
  abstract close(): Promise<void>;
}
