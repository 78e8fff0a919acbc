import { arePairs } from './paired-samples.js';
import { normalTail } from './special-functions.js';

export interface WilcoxonResult {
  /** The smaller of the two sums of ranks. */
  readonly statistic: number;
  /** Two-sided. */
  readonly pValue: number;
  /** Pairs that differ. */
  readonly pairs: number;
  readonly method: 'exact' | 'asymptotic';
}

/**
 * Wilcoxon signed-rank test, two-sided: do paired values differ around 0, as two models scored on the same rows?
 *
 * Pairs without a difference are left out; undefined when none is left or a value is not finite. Exact up to 50 pairs
 * without ties, else the normal approximation with correction for ties and continuity, as SciPy. Assumes differences
 * that are symmetric around their median.
 *
 * @see Wilcoxon (1945), Individual comparisons by ranking methods
 */
export function wilcoxonSignedRank(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  method: 'auto' | 'asymptotic' = 'auto',
): WilcoxonResult | undefined {
  if (!arePairs(first, second)) return undefined;
  const differences = Array.from(first, (value, row) => value - (second[row] as number))
    .filter((difference) => difference !== 0)
    .sort((a, b) => Math.abs(a) - Math.abs(b));
  const pairs = differences.length;
  if (pairs === 0) return undefined;
  let [above, tieTerm] = [0, 0];
  for (let start = 0; start < pairs;) {
    let end = start;
    while (end < pairs && Math.abs(differences[end] as number) === Math.abs(differences[start] as number))
      end += 1;
    const rank = (start + 1 + end) / 2;
    for (let index = start; index < end; index += 1) if ((differences[index] as number) > 0) above += rank;
    tieTerm += (end - start) ** 3 - (end - start);
    start = end;
  }
  const all = (pairs * (pairs + 1)) / 2;
  const statistic = Math.min(above, all - above);
  if (method === 'auto' && tieTerm === 0 && pairs <= 50) {
    return { statistic, pValue: exactTwoSided(statistic, pairs), pairs, method: 'exact' };
  }
  const variance = (pairs * (pairs + 1) * (2 * pairs + 1)) / 24 - tieTerm / 48;
  const z = (Math.abs(statistic - all / 2) - 0.5) / Math.sqrt(variance);
  return { statistic, pValue: Math.min(1, 2 * normalTail(z)), pairs, method: 'asymptotic' };
}

/** Shares of the sign patterns by their sum of ranks, one rank after the other. */
function exactTwoSided(statistic: number, pairs: number): number {
  let shares = Float64Array.of(1);
  for (let rank = 1; rank <= pairs; rank += 1) {
    const next = new Float64Array(shares.length + rank);
    shares.forEach((share, sum) => {
      next[sum] = (next[sum] as number) + share / 2;
      next[sum + rank] = (next[sum + rank] as number) + share / 2;
    });
    shares = next;
  }
  let tail = 0;
  for (let sum = 0; sum <= statistic; sum += 1) tail += shares[sum] as number;
  return Math.min(1, 2 * tail);
}
