import { toComparableShares } from './to-comparable-shares.js';
import { type FrozenHistogram } from './frozen-histogram.js';

/** 2 gives bits and values in [0, 1]; e gives nats and a divergence up to ln 2, as `scipy.spatial.distance.jensenshannon` by default. */
export type LogarithmBase = 2 | 'e';

/**
 * Jensen-Shannon divergence of two histograms over the same borders: symmetric, finite also for empty bins.
 *
 *   JSD = (KL(p || m) + KL(q || m)) / 2,  m = (p + q) / 2
 *
 * Base 2 unless said otherwise, so 0 is equal and 1 is disjoint. Undefined when one side has no value.
 *
 * @see Lin (1991), Divergence measures based on the Shannon entropy
 */
export function jensenShannonDivergence(
  reference: FrozenHistogram,
  current: FrozenHistogram,
  base: LogarithmBase = 2,
): number | undefined {
  const shares = toComparableShares(reference, current);
  if (!shares) return undefined;
  let sum = 0;
  for (let bin = 0; bin < shares.reference.length; bin += 1) {
    const p = shares.reference[bin] as number;
    const q = shares.current[bin] as number;
    if (p === q) continue;
    const middle = (p + q) / 2;
    if (p > 0) sum += p * Math.log(p / middle);
    if (q > 0) sum += q * Math.log(q / middle);
  }
  const nats = Math.max(0, sum / 2);
  return base === 2 ? Math.min(1, nats / Math.LN2) : nats;
}

/** Jensen-Shannon distance: the square root of the divergence, a metric. Base 2 unless said otherwise: 0 equal, 1 disjoint. */
export function jensenShannonDistance(
  reference: FrozenHistogram,
  current: FrozenHistogram,
  base: LogarithmBase = 2,
): number | undefined {
  const divergence = jensenShannonDivergence(reference, current, base);
  return divergence === undefined ? undefined : Math.sqrt(divergence);
}
