/** One measured figure and the figure of a reference in the same run. */
export interface BenchResult {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  readonly reference?: { readonly name: string; readonly value: number };
}

/** `ratio` is value / reference; absent without a reference, or with one of 0. */
export interface ReportedResult extends BenchResult {
  readonly ratio?: number;
}

/** The results of one run and the machine it ran on. */
export interface BenchReport {
  readonly bench: string;
  /** ISO-8601. */
  readonly at: string;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly node: string };
  readonly versions: Readonly<Record<string, string>>;
  readonly results: readonly ReportedResult[];
}

/** Formats a figure for people: integers from a thousand on, four digits below. */
export function formatFigure(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString('en') : value.toPrecision(4);
}

/** The value at a share (0..1) of the sorted sample; nearest rank. Throws on an empty sample. */
export function percentile(sample: readonly number[], share: number): number {
  if (sample.length === 0) throw new Error('A percentile needs at least one value');
  const sorted = [...sample].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))]!;
}

/** The median of the sample; for an even number of values the lower of the two in the middle. */
export function median(sample: readonly number[]): number {
  return percentile(sample, 0.5);
}
