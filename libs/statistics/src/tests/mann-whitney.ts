import { sortValues } from '../samples/sort-values.js';
import { normalTail } from '../samples/special-functions.js';

export interface MannWhitneyResult {
  /** U of the first sample: pairs in which its value is the larger one, ties counted half. */
  readonly statistic: number;
  /** Two-sided. */
  readonly pValue: number;
  /** U / (n * m): the chance that a value of the first sample exceeds one of the second; 0.5 is no effect. */
  readonly effect: number;
  readonly method: 'exact' | 'asymptotic';
}

/**
 * Mann-Whitney U test, two-sided: does one sample tend to larger values than the other?
 *
 * Undefined when a side has no value (NaN is left out). When all values are equal, p is 1. Exact when the smaller sample
 * has at most 8 values, or when asked for, and there are no ties; else the normal approximation with correction for ties
 * and continuity, as SciPy.
 *
 * @see Mann & Whitney (1947), On a test of whether one of two random variables is stochastically larger than the other
 */
export function mannWhitney(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  method: 'auto' | 'exact' | 'asymptotic' = 'auto',
): MannWhitneyResult | undefined {
  const [x, y] = [sortValues(first), sortValues(second)];
  const [n, m] = [x.length, y.length];
  if (n === 0 || m === 0) return undefined;
  const { statistic, tieTerm } = countPairs(x, y);
  const effect = statistic / (n * m);
  const exact = method === 'exact' || (method === 'auto' && Math.min(n, m) <= 8 && n * m <= 10_000);
  if (exact && tieTerm === 0) {
    return { statistic, pValue: exactTwoSided(statistic, n, m), effect, method: 'exact' };
  }
  const rows = n + m;
  const variance = ((n * m) / 12) * (rows + 1 - tieTerm / (rows * (rows - 1)));
  const distance = Math.abs(statistic - (n * m) / 2) - 0.5;
  const pValue = variance > 0 ? Math.min(1, 2 * normalTail(distance / Math.sqrt(variance))) : 1;
  return { statistic, pValue, effect, method: 'asymptotic' };
}

function countPairs(x: Float64Array, y: Float64Array): { statistic: number; tieTerm: number } {
  let [i, j, statistic, tieTerm] = [0, 0, 0, 0];
  while (i < x.length || j < y.length) {
    const value = Math.min(
      i < x.length ? (x[i] as number) : Infinity,
      j < y.length ? (y[j] as number) : Infinity,
    );
    const [fromI, fromJ] = [i, j];
    while (i < x.length && x[i] === value) i += 1;
    while (j < y.length && y[j] === value) j += 1;
    statistic += (i - fromI) * (fromJ + (j - fromJ) / 2);
    const tied = i - fromI + (j - fromJ);
    tieTerm += tied ** 3 - tied;
  }
  return { statistic, tieTerm };
}

/** Counts the orderings with each U by the recurrence of Mann and Whitney, as shares so that nothing overflows. */
function exactTwoSided(statistic: number, n: number, m: number): number {
  let shares: Float64Array[] = Array.from({ length: m + 1 }, () => Float64Array.of(1));
  for (let i = 1; i <= n; i += 1) {
    const next: Float64Array[] = [Float64Array.of(1)];
    for (let j = 1; j <= m; j += 1) {
      const row = new Float64Array(i * j + 1);
      const endsWithX = shares[j] as Float64Array;
      const endsWithY = next[j - 1] as Float64Array;
      endsWithX.forEach((share, u) => (row[u + j] = (row[u + j] as number) + (share * i) / (i + j)));
      endsWithY.forEach((share, u) => (row[u] = (row[u] as number) + (share * j) / (i + j)));
      next.push(row);
    }
    shares = next;
  }
  const distribution = shares[m] as Float64Array;
  const upper = Math.max(statistic, n * m - statistic);
  let tail = 0;
  for (let u = Math.ceil(upper); u < distribution.length; u += 1) tail += distribution[u] as number;
  return Math.min(1, 2 * tail);
}
