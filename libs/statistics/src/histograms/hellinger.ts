import { toComparableShares } from './to-comparable-shares.js';
import { type FrozenHistogram } from './frozen-histogram.js';

/**
 * Hellinger distance of two histograms over the same borders: a metric in [0, 1], 1 when they share no bin.
 *
 *   H = sqrt(sum of (sqrt(p) - sqrt(q))^2 / 2)
 *
 * Undefined when one side has no value.
 */
export function hellingerDistance(reference: FrozenHistogram, current: FrozenHistogram): number | undefined {
  const shares = toComparableShares(reference, current);
  if (!shares) return undefined;
  let sum = 0;
  for (let bin = 0; bin < shares.reference.length; bin += 1) {
    sum += (Math.sqrt(shares.reference[bin] as number) - Math.sqrt(shares.current[bin] as number)) ** 2;
  }
  return Math.min(1, Math.sqrt(sum / 2));
}
