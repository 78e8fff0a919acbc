import { type Gap, gapOfSorted, largestGap } from './largest-gap.js';
import { kolmogorovTail } from './special-functions.js';

export interface KsResult {
  /** Largest distance between the two empirical distributions, 0..1: the size of the effect. */
  readonly statistic: number;
  /** Chance of such a distance or a larger one if both samples came from one continuous distribution. */
  readonly pValue: number;
  readonly method: 'exact' | 'asymptotic';
  /** Rows with a value on each side. */
  readonly rows: readonly [number, number];
}

/** Up to this product of the sample sizes the p-value is computed exactly (some milliseconds). */
const EXACT_LIMIT = 1_000_000;

/**
 * Two-sample Kolmogorov-Smirnov test, two-sided: do two samples come from one distribution?
 *
 *   D = max |F1(x) - F2(x)|
 *
 * Undefined when a side has no value (NaN is left out). Ties between and inside the samples are handled at once, so D is
 * right; the p-value then is conservative. Two equal constants have D = 0 and p = 1. With many rows a tiny D has a tiny
 * p: judge the effect by `statistic`, never by `pValue` alone.
 *
 * The p-value is exact (path counting) while rows1 * rows2 <= 10^6, else from Kolmogorov's limit with Stephens' correction
 * for finite samples.
 *
 * @see Hodges (1958), The significance probability of the Smirnov two-sample test; Stephens (1970), Use of the
 * Kolmogorov-Smirnov statistics without extensive tables
 */
export function ksTwoSample(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  method: 'auto' | 'exact' | 'asymptotic' = 'auto',
): KsResult | undefined {
  return judge(largestGap(first, second), method);
}

/** As `ksTwoSample`, for samples that `sortedValues` has sorted: a frozen reference is sorted once. */
export function ksOfSorted(
  first: Float64Array,
  second: Float64Array,
  method: 'auto' | 'exact' | 'asymptotic' = 'auto',
): KsResult | undefined {
  return judge(gapOfSorted(first, second), method);
}

function judge(found: Gap | undefined, method: 'auto' | 'exact' | 'asymptotic'): KsResult | undefined {
  if (!found) return undefined;
  const [n, m] = found.rows;
  const chosen = method === 'auto' ? (n * m <= EXACT_LIMIT ? 'exact' : 'asymptotic') : method;
  const pValue = chosen === 'exact' ? exactTail(found.gap, n, m) : asymptoticTail(found.gap, n, m);
  return { statistic: found.gap, pValue, method: chosen, rows: found.rows };
}

function asymptoticTail(statistic: number, n: number, m: number): number {
  const root = Math.sqrt((n * m) / (n + m));
  return kolmogorovTail((root + 0.12 + 0.11 / root) * statistic);
}

/** 1 minus the share of monotone lattice paths whose distance from the diagonal stays below the statistic. */
function exactTail(statistic: number, n: number, m: number): number {
  if (statistic === 0) return 1;
  const [short, long] = n <= m ? [n, m] : [m, n];
  const limit = (Math.floor(statistic * short * long - 1e-7) + 0.5) / (short * long);
  const row = new Float64Array(long + 1);
  for (let j = 0; j <= long; j += 1) row[j] = j / long > limit ? 0 : 1;
  for (let i = 1; i <= short; i += 1) {
    const weight = i / (i + long);
    row[0] = i / short > limit ? 0 : weight * (row[0] as number);
    for (let j = 1; j <= long; j += 1) {
      row[j] =
        Math.abs(i / short - j / long) > limit ? 0 : weight * (row[j] as number) + (row[j - 1] as number);
    }
  }
  return Math.min(1, Math.max(0, 1 - (row[long] as number)));
}
