import { toComparableShares } from '../histograms/to-comparable-shares.js';
import { type FrozenHistogram } from '../histograms/frozen-histogram.js';
import { boundKolmogorovDistance } from '../tests/bound-kolmogorov-distance.js';
import { type ApproximateKsResult } from './ks-from-sketches.js';
import { ksTail } from '../tests/ks-tail.js';

/**
 * Kolmogorov-Smirnov test of two histograms over the same borders: the distance is measured at the borders only, so it
 * never exceeds that of the raw samples and its p-value is conservative. `upperBound` is the largest distance that any arrangement
 * of the rows inside the bins could have. Needs no raw values and merges over windows.
 *
 * `rows` is the effective number of independent rows on each side (default: the counted rows). Correlated rows, such as
 * consecutive readings, are worth fewer. Undefined when one side has no value.
 */
export function ksFromHistograms(
  reference: FrozenHistogram,
  current: FrozenHistogram,
  rows?: readonly [number, number],
): ApproximateKsResult | undefined {
  const gap =
    toComparableShares(reference, current) && boundKolmogorovDistance(reference.counts, current.counts);
  if (!gap) return undefined;
  const [n, m] = rows ?? [reference.total - reference.missing, current.total - current.missing];
  return {
    statistic: gap.lower,
    lowerBound: gap.lower,
    upperBound: gap.upper,
    pValue: ksTail(gap.lower, n, m),
  };
}
