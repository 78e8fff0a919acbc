import { toComparableShares } from './to-comparable-shares.js';
import { type FrozenHistogram } from './frozen-histogram.js';

/**
 * Kullback-Leibler divergence of the current shares from the reference, in nats: how surprised one is by `current` who
 * expected `reference`.
 *
 *   KL(current || reference) = sum of q * ln(q / p)
 *
 * Not symmetric. Infinite in theory where the reference never was; shares of 0 there are read as `floor`. Undefined when
 * one side has no value.
 */
export function kullbackLeibler(
  reference: FrozenHistogram,
  current: FrozenHistogram,
  floor = 0.0001,
): number | undefined {
  const shares = toComparableShares(reference, current);
  if (!shares) return undefined;
  let sum = 0;
  for (let bin = 0; bin < shares.reference.length; bin += 1) {
    const p = shares.reference[bin] as number;
    const q = shares.current[bin] as number;
    if (q > 0) sum += q * Math.log(q / Math.max(p, floor));
  }
  return Math.max(0, sum);
}
