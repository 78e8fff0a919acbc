import { type Random } from '@headrace/kernel';
import { assertOpenShare } from '../samples/assert-parameter.js';
import { InvalidSampleError } from '../samples/invalid-sample-error.js';

export interface BlockBootstrapOptions {
  /** `moving`: blocks of one length. `stationary`: lengths vary geometrically and the series is a ring. Default `stationary`. */
  readonly method?: 'moving' | 'stationary';
  /** Length of a block, on average for `stationary`. Default: the cube root of the rows, times two. */
  readonly blockLength?: number;
  /** Default 1000. */
  readonly replicates?: number;
  /** Default 0.95. */
  readonly confidence?: number;
}

export interface BootstrapInterval {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
  /** Standard deviation of the replicates. */
  readonly standardError: number;
  /** Replicates on which the statistic is defined. */
  readonly replicates: number;
}

/**
 * Confidence interval for a statistic of dependent rows. Draws whole blocks of consecutive rows, which preserves the dependence
 * inside a block; drawing single rows of a telemetry series would make the interval far too narrow. Returns the percentile
 * interval of any statistic, given as a function of row numbers (a metric of labels and scores at those rows).
 *
 * Undefined below two rows, when the statistic is not defined on the rows themselves, or when it is undefined or not
 * finite on more than one in ten of the replicates (a rare label drawn too seldom): an interval of the rest would be
 * biased. The interval of a constant has width 0. Blocks must be long compared with the dependence and short compared with the
 * series; the default grows as n^(1/3), the optimal rate for a variance.
 *
 * @see Kunsch (1989), The jackknife and the bootstrap for general stationary observations; Politis & Romano (1994), The
 * stationary bootstrap
 */
export function blockBootstrap(
  rows: number,
  statistic: (rows: Uint32Array) => number | undefined,
  random: Random,
  options: BlockBootstrapOptions = {},
): BootstrapInterval | undefined {
  const { method = 'stationary', replicates = 1000, confidence = 0.95 } = options;
  const blockLength = options.blockLength ?? Math.max(1, Math.min(rows, Math.round(2 * Math.cbrt(rows))));
  assertOpenShare('Confidence', confidence);
  if (!Number.isInteger(replicates) || replicates < 2) {
    throw new InvalidSampleError(`A bootstrap needs at least 2 replicates, got ${replicates}`);
  }
  if (rows < 2) return undefined;
  if (!(blockLength >= 1 && blockLength <= rows)) {
    throw new InvalidSampleError(`The block length must be between 1 and ${rows} rows, got ${blockLength}`);
  }
  const estimate = statistic(Uint32Array.from({ length: rows }, (_, row) => row));
  if (estimate === undefined || !Number.isFinite(estimate)) return undefined;
  const drawn = new Uint32Array(rows);
  const values: number[] = [];
  for (let replicate = 0; replicate < replicates; replicate += 1) {
    if (method === 'moving') drawMoving(drawn, Math.round(blockLength), random);
    else drawStationary(drawn, blockLength, random);
    const value = statistic(drawn);
    if (value !== undefined && Number.isFinite(value)) values.push(value);
  }
  if (values.length < 0.9 * replicates) return undefined;
  values.sort((first, second) => first - second);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return {
    estimate,
    low: interpolateQuantile(values, (1 - confidence) / 2),
    high: interpolateQuantile(values, (1 + confidence) / 2),
    standardError: Math.sqrt(squares / (values.length - 1)),
    replicates: values.length,
  };
}

/** Fills `into` with blocks of consecutive row numbers; the last block is cut to fit. */
export function drawMoving(into: Uint32Array, blockLength: number, random: Random): void {
  const starts = into.length - blockLength + 1;
  for (let row = 0; row < into.length;) {
    const start = random.integer(starts);
    for (let offset = 0; offset < blockLength && row < into.length; offset += 1) into[row++] = start + offset;
  }
}

/** Fills `into` with consecutive row numbers (circular), jumping to a random row with probability 1 / `meanLength`. */
export function drawStationary(into: Uint32Array, meanLength: number, random: Random): void {
  let current = 0;
  for (let row = 0; row < into.length; row += 1) {
    const jump = row === 0 || random.next() * meanLength < 1;
    current = jump ? random.integer(into.length) : (current + 1) % into.length;
    into[row] = current;
  }
}

function interpolateQuantile(sorted: readonly number[], share: number): number {
  const position = share * (sorted.length - 1);
  const below = Math.floor(position);
  const [low, high] = [sorted[below] as number, sorted[Math.min(sorted.length - 1, below + 1)] as number];
  return low + (high - low) * (position - below);
}
