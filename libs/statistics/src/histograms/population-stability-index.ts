import { toComparableShares } from './to-comparable-shares.js';
import { type FrozenHistogram } from './frozen-histogram.js';

/**
 * How far a population has moved over frozen bins; below 0.1 is commonly read as stable, above 0.25 as shifted.
 *
 *   PSI = sum over bins of (q - p) * ln(q / p),  p reference share, q current share
 *
 * Undefined when one side has no value. Shares of 0 are read as 0.0001, the convention of the field, so that an emptied
 * bin costs much but not infinity. Under no change E[PSI] is about (bins - 1) * (1/n + 1/m): with 100 rows and 10 bins
 * 0.09 means nothing, so a verdict needs a minimum of rows. Outer bins are open: what leaves the reference's range counts.
 *
 * @see Siddiqi (2006), Credit Risk Scorecards; Yurdakul & Naranjo (2020), Statistical properties of the PSI
 */
export function populationStabilityIndex(
  reference: FrozenHistogram,
  current: FrozenHistogram,
  floor = 0.0001,
): number | undefined {
  const shares = toComparableShares(reference, current);
  if (!shares) return undefined;
  let sum = 0;
  for (let bin = 0; bin < shares.reference.length; bin += 1) {
    const before = shares.reference[bin] as number;
    const after = shares.current[bin] as number;
    if (before === after) continue;
    const [p, q] = [Math.max(before, floor), Math.max(after, floor)];
    sum += (q - p) * Math.log(q / p);
  }
  return sum;
}
