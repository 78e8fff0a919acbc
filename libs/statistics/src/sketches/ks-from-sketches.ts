import { assertSameBuckets, type DdBuckets, type DdSketch, type DdSketchState } from './dd-sketch.js';
import { boundKolmogorovDistance } from '../tests/bound-kolmogorov-distance.js';
import { type KllSketch } from './kll-sketch.js';
import { ksTail } from '../tests/ks-tail.js';
import { countRows, type WeightedValues } from '../histograms/weighted-values.js';

/** Result of a Kolmogorov-Smirnov test computed from summaries instead of rows. */
export interface ApproximateKsResult {
  /** Maximum distance between the two summaries, 0..1. */
  readonly statistic: number;
  /** The distance of the rows themselves lies between these bounds. */
  readonly lowerBound: number;
  readonly upperBound: number;
  /** Of `lowerBound` (Kolmogorov's limit, Stephens' correction): never below that of the rows. */
  readonly pValue: number;
}

/**
 * Kolmogorov-Smirnov test of two DDSketches of equal accuracy. The distance is exact at the borders of the buckets:
 * `lowerBound` is the statistic, and no arrangement inside the buckets exceeds `upperBound`. Both bounds are certain. The difference
 * of the two is about the largest share that falls into one bucket: small unless a column keeps to a few hundredths of
 * its magnitude (a temperature in kelvin); there take KLL or frozen bins.
 *
 * Undefined when a side has no value. Zeros and infinities are values of their own.
 */
export function ksFromDdSketches(first: DdSketch, second: DdSketch): ApproximateKsResult | undefined {
  assertSameBuckets(first, second);
  const [a, b] = [first.state(), second.state()];
  const [negative, positive] = [mergeKeyRange(a.negative, b.negative), mergeKeyRange(a.positive, b.positive)];
  const [x, y] = [alignCounts(a, negative, positive), alignCounts(b, negative, positive)];
  const zero = 1 + negative.length;
  const gap = boundKolmogorovDistance(
    x,
    y,
    (bucket) => bucket === 0 || bucket === zero || bucket === x.length - 1,
  );
  if (!gap) return undefined;
  const pValue = ksTail(gap.lower, first.count, second.count);
  return { statistic: gap.lower, lowerBound: gap.lower, upperBound: gap.upper, pValue };
}

/**
 * Kolmogorov-Smirnov test of two KLL sketches. The distance of the rows lies within `statistic` plus or minus both
 * sketches' rank errors of all values at once, with the given confidence of each.
 *
 * Undefined when a side has no value.
 */
export function ksFromKllSketches(
  first: KllSketch,
  second: KllSketch,
  confidence = 0.99,
): ApproximateKsResult | undefined {
  const statistic = distanceOfWeighted(first.weighted(), second.weighted());
  if (statistic === undefined) return undefined;
  const error = first.rankError('all', confidence) + second.rankError('all', confidence);
  const lowerBound = Math.max(0, statistic - error);
  return {
    statistic,
    lowerBound,
    upperBound: Math.min(1, statistic + error),
    pValue: ksTail(lowerBound, first.count, second.count),
  };
}

interface KeyRange {
  readonly first: number;
  readonly length: number;
}

function mergeKeyRange(a: DdBuckets, b: DdBuckets): KeyRange {
  const first = Math.min(a.keys[0] ?? Infinity, b.keys[0] ?? Infinity);
  const last = Math.max(a.keys.at(-1) ?? -Infinity, b.keys.at(-1) ?? -Infinity);
  return first <= last ? { first, length: last - first + 1 } : { first: 0, length: 0 };
}

/** -Infinity, negative buckets from the largest magnitude down, 0, positive buckets, Infinity. */
function alignCounts(state: DdSketchState, negative: KeyRange, positive: KeyRange): Float64Array {
  const counts = new Float64Array(negative.length + positive.length + 3);
  const zero = 1 + negative.length;
  counts[0] = state.below;
  counts[zero] = state.zeros;
  counts[counts.length - 1] = state.above;
  state.negative.keys.forEach((key, index) => {
    counts[zero - 1 - (key - negative.first)] = state.negative.counts[index] as number;
  });
  state.positive.keys.forEach((key, index) => {
    counts[zero + 1 + key - positive.first] = state.positive.counts[index] as number;
  });
  return counts;
}

function distanceOfWeighted(first: WeightedValues, second: WeightedValues): number | undefined {
  const [n, m] = [countRows(first), countRows(second)];
  if (n === 0 || m === 0) return undefined;
  let [i, j, x, y, gap] = [0, 0, 0, 0, 0];
  while (i < first.values.length && j < second.values.length) {
    const value = Math.min(first.values[i] as number, second.values[j] as number);
    while (first.values[i] === value) x += first.weights[i++] as number;
    while (second.values[j] === value) y += second.weights[j++] as number;
    gap = Math.max(gap, Math.abs(x / n - y / m));
  }
  return gap;
}
