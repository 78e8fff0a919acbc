import { type Measured } from '@headrace/kernel';
import { type MetricQuery, type SeriesPoint } from './metrics-store.js';
import { InvalidMetricQueryError } from './metrics-store-errors.js';

const maxWindows = 10_000;

export function checkQuery({ from, to, measurement, aggregation }: MetricQuery): void {
  const [start, end] = [from.getTime(), to.getTime()];
  if (!(start < end)) {
    throw new InvalidMetricQueryError(
      `A query of ${measurement} ends before it begins, or at once: from ${String(start)} to ${String(end)}`,
    );
  }
  if (typeof aggregation === 'object' && !(aggregation.quantile >= 0 && aggregation.quantile <= 1)) {
    throw new InvalidMetricQueryError(`Quantile ${aggregation.quantile} does not lie between 0 and 1`);
  }
}

/** Starts of the epoch-aligned windows that a range touches. */
export function windowStarts(from: Date, to: Date, everyMs: number): readonly number[] {
  if (!Number.isInteger(everyMs) || everyMs < 1) {
    throw new InvalidMetricQueryError(
      `A window of ${everyMs} ms is none; it takes a whole number of 1 or more`,
    );
  }
  const first = Math.floor(from.getTime() / everyMs);
  const windows = Math.ceil(to.getTime() / everyMs) - first;
  if (windows > maxWindows) {
    throw new InvalidMetricQueryError(
      `${windows} windows are more than ${maxWindows}; ask for longer windows or a shorter time`,
    );
  }
  return Array.from({ length: windows }, (_, index) => (first + index) * everyMs);
}

/** Windows without a value say so. */
export function fillSeries(
  starts: readonly number[],
  values: ReadonlyMap<number, number>,
): readonly SeriesPoint[] {
  return starts.map((start) => ({ time: new Date(start), value: toMeasured(values.get(start)) }));
}

export function toMeasured(value: number | null | undefined): Measured<number> {
  return value === undefined || value === null || Number.isNaN(value)
    ? { kind: 'no-data' }
    : { kind: 'value', value };
}
