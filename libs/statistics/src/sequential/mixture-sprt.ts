import { assertPositive } from '../samples/assert-parameter.js';
import { type Moments, sampleVariance } from '../samples/moments.js';
import { assertProportion, type Proportion } from '../tests/proportions.js';

/**
 * Mixture sequential probability ratio test of a difference of two proportions from the totals so far, by the normal
 * approximation: for large samples, where it is as good as exact and needs no history.
 *
 *   L = sqrt(V / (V + tau^2)) * exp(tau^2 d^2 / (2 V (V + tau^2))),  d difference, V its variance, p = 1 / L
 *
 * `tau` is the size of difference that matters (default 0.01). The caller keeps the smallest p of all looks. Undefined
 * while an arm has no trials or no variance yet can be estimated (all or none succeeded in both arms).
 * Below some hundred trials an arm use `safeProportionTest`, which is exact.
 *
 * @see Johari, Koomen, Pekelis & Walsh (2022), Always valid inference: continuous monitoring of A/B tests
 */
export function mixtureSprt(baseline: Proportion, canary: Proportion, tau = 0.01): number | undefined {
  assertProportion(baseline);
  assertProportion(canary);
  assertPositive('tau', tau);
  if (baseline.trials === 0 || canary.trials === 0) return undefined;
  const [before, after] = [baseline.successes / baseline.trials, canary.successes / canary.trials];
  const variance = (before * (1 - before)) / baseline.trials + (after * (1 - after)) / canary.trials;
  return normalMixturePValue(after - before, variance, tau);
}

/**
 * The same test of a difference of two means, V = s1^2 / n1 + s2^2 / n2. `tau` is the size of difference that matters, in the
 * unit of the values. Asymptotic: with heavy tails it needs some hundreds of rows an arm before its error is what it says.
 * Undefined below two values in an arm or where neither arm varies.
 */
export function meanSprt(baseline: Moments, canary: Moments, tau: number): number | undefined {
  assertPositive('tau', tau);
  const [before, after] = [sampleVariance(baseline), sampleVariance(canary)];
  if (before === undefined || after === undefined) return undefined;
  return normalMixturePValue(
    canary.mean - baseline.mean,
    before / baseline.count + after / canary.count,
    tau,
  );
}

function normalMixturePValue(difference: number, variance: number, tau: number): number | undefined {
  if (!(variance > 0 && variance < Infinity)) return undefined;
  // ln(1 + tau^2 / V) and tau^2 / (V + tau^2), also where the square of tau is out of range.
  const ratio = tau * (tau / variance);
  const spread = ratio < Infinity ? Math.log1p(ratio) : 2 * Math.log(tau) - Math.log(variance);
  const share = 1 / (1 + variance / tau / tau);
  const logRatio = (share * difference * (difference / variance) - spread) / 2;
  return Math.min(1, Math.exp(-logRatio));
}
