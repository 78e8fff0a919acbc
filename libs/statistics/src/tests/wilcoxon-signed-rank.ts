import { areFinitePairs } from '../samples/paired-samples.js';
import { sortValues } from '../samples/sort-values.js';
import { normalTail } from '../samples/special-functions.js';

export interface WilcoxonOptions {
  /** `greater`: are the first values larger than the second? Default two-sided. */
  readonly alternative?: 'two-sided' | 'greater' | 'less';
  /** Pairs without a difference: left out (Wilcoxon), or ranked and shared between both sides. Default `drop`. */
  readonly zeros?: 'drop' | 'split';
  readonly method?: 'auto' | 'asymptotic';
  /** The approximation counts half a rank less. Default true. */
  readonly continuity?: boolean;
}

export interface WilcoxonResult {
  /** The sum of ranks of the positive differences; two-sided, the smaller of the two sums. */
  readonly statistic: number;
  readonly pValue: number;
  /** Pairs that were ranked. */
  readonly pairs: number;
  readonly method: 'exact' | 'asymptotic';
}

/** Up to here the chance of every sum of ranks is counted out. */
const exactPairs = { distinct: 50, tied: 13 } as const;

/**
 * Wilcoxon signed-rank test: do paired values differ around 0, as two models scored on the same rows?
 *
 * Undefined when no pair is left to rank or a value is not finite. Exact up to 50 pairs whose differences are all
 * distinct, and up to 13 with ties or shared zeros (then given the ranks); else the normal approximation with
 * correction for ties and, unless it is switched off, for continuity, as SciPy. Assumes differences that are symmetric around their median.
 *
 * @see Wilcoxon (1945), Individual comparisons by ranking methods
 */
export function wilcoxonSignedRank(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  { alternative = 'two-sided', zeros = 'drop', method = 'auto', continuity = true }: WilcoxonOptions = {},
): WilcoxonResult | undefined {
  if (!areFinitePairs(first, second)) return undefined;
  const { up, down, none } = splitDifferences(first, second);
  const zeroPairs = zeros === 'split' ? none : 0;
  const pairs = up.length + down.length + zeroPairs;
  if (pairs === 0) return undefined;
  // Twice the ranks: the mean of tied ranks may end in a half. Of few pairs only: many are not counted out.
  const doubled: number[] = [];
  // The zeros come first, and half of their ranks goes to either side.
  const shared = (zeroPairs * (zeroPairs + 1)) / 4;
  let [i, j, above, tieTerm] = [0, 0, 0, zeroPairs ** 3 - zeroPairs];
  while (i < up.length || j < down.length) {
    const size = Math.min(
      i < up.length ? (up[i] as number) : Infinity,
      j < down.length ? (down[j] as number) : Infinity,
    );
    const fromI = i;
    const fromJ = j;
    while (i < up.length && up[i] === size) i += 1;
    while (j < down.length && down[j] === size) j += 1;
    const ups = i - fromI;
    const tied = ups + j - fromJ;
    const twice = 2 * (zeroPairs + fromI + fromJ) + tied + 1;
    for (let pair = 0; pairs <= exactPairs.distinct && pair < tied; pair += 1) doubled.push(twice);
    above += (ups * twice) / 2;
    tieTerm += tied * tied * tied - tied;
  }
  const all = (pairs * (pairs + 1)) / 2;
  const sum = above + shared;
  const statistic = alternative === 'two-sided' ? Math.min(sum, all - sum) : sum;
  const isDistinct = tieTerm === 0 && shared === 0;
  if (method === 'auto' && pairs <= (isDistinct ? exactPairs.distinct : exactPairs.tied)) {
    return { statistic, pValue: exactPValue(doubled, 2 * above, alternative), pairs, method: 'exact' };
  }
  const deviation = Math.sqrt((pairs * (pairs + 1) * (2 * pairs + 1)) / 24 - tieTerm / 48);
  const excess = sum - all / 2;
  const half = continuity ? 0.5 : 0;
  const pValue =
    alternative === 'two-sided'
      ? 2 * normalTail((Math.abs(excess) - half) / deviation)
      : normalTail(((alternative === 'greater' ? excess : -excess) - half) / deviation);
  return { statistic, pValue: Math.min(1, pValue), pairs, method: 'asymptotic' };
}

/** The sizes of the differences that are not 0, ascending, by their sign. */
function splitDifferences(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
): { readonly up: Float64Array; readonly down: Float64Array; readonly none: number } {
  const [up, down] = [new Float64Array(first.length), new Float64Array(first.length)];
  let [ups, downs] = [0, 0];
  for (let row = 0; row < first.length; row += 1) {
    const difference = (first[row] as number) - (second[row] as number);
    if (difference > 0) up[ups++] = difference;
    else if (difference < 0) down[downs++] = -difference;
  }
  return {
    up: sortValues(up.subarray(0, ups)),
    down: sortValues(down.subarray(0, downs)),
    none: first.length - ups - downs,
  };
}

/** From the shares of the sign patterns by their sum of ranks, built up one rank after the other. */
function exactPValue(
  doubledRanks: readonly number[],
  observed: number,
  alternative: 'two-sided' | 'greater' | 'less',
): number {
  let shares = Float64Array.of(1);
  for (const rank of doubledRanks) {
    const next = new Float64Array(shares.length + rank);
    shares.forEach((share, sum) => {
      next[sum] = (next[sum] as number) + share / 2;
      next[sum + rank] = (next[sum + rank] as number) + share / 2;
    });
    shares = next;
  }
  let [less, greater] = [0, 0];
  shares.forEach((share, sum) => {
    if (sum <= observed) less += share;
    if (sum >= observed) greater += share;
  });
  if (alternative === 'less') return Math.min(1, less);
  return Math.min(1, alternative === 'greater' ? greater : 2 * Math.min(less, greater));
}
