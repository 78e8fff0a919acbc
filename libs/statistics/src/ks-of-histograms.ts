import { comparableShares } from './comparable-shares.js';
import { type FrozenHistogram } from './frozen-histogram.js';
import { kolmogorovTail } from './special-functions.js';

/**
 * Kolmogorov-Smirnov test of two histograms over the same borders: the distance looked at on the borders only, so it is
 * never above that of the raw samples and its p-value is conservative. Needs no raw value and merges over windows.
 *
 * `rows` says how many independent rows each side is worth (default: the counted ones); rows that repeat each other,
 * as consecutive readings do, are worth fewer. Undefined when one side has no value.
 */
export function ksOfHistograms(
  reference: FrozenHistogram,
  current: FrozenHistogram,
  rows?: readonly [number, number],
): { readonly statistic: number; readonly pValue: number } | undefined {
  const shares = comparableShares(reference, current);
  if (!shares) return undefined;
  const [n, m] = rows ?? [reference.total - reference.missing, current.total - current.missing];
  let [gap, statistic] = [0, 0];
  for (let bin = 0; bin < shares.reference.length - 1; bin += 1) {
    gap += (shares.reference[bin] as number) - (shares.current[bin] as number);
    statistic = Math.max(statistic, Math.abs(gap));
  }
  const root = Math.sqrt((n * m) / (n + m));
  return { statistic, pValue: kolmogorovTail((root + 0.12 + 0.11 / root) * statistic) };
}
