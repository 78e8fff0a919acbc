import { assertOpenShare } from './assert-parameter.js';
import { type BetaPrior, jeffreysPrior, logLikelihood, logMixture } from './beta-mixture.js';
import { assertProportion, type Interval, type Proportion } from './proportions.js';

/**
 * Interval for a proportion that holds at all times at once: one may look after every trial and stop whenever one likes,
 * and the chance that it ever excludes the truth stays below 1 - confidence. Exact for independent Bernoulli trials.
 *
 * All p whose likelihood ratio against a beta mixture stays below 1 / alpha (Ville's inequality):
 *
 *   B(s + a, f + b) / B(a, b) / (p^s (1 - p)^f) < 1 / alpha
 *
 * Without trials it is [0, 1]: nothing is known. Wider than Wilson's interval, the price for looking again.
 *
 * @see Robbins (1970), Statistical methods related to the law of the iterated logarithm; Howard et al. (2021),
 * Time-uniform, nonparametric, nonasymptotic confidence sequences
 */
export function proportionConfidenceSequence(
  observed: Proportion,
  confidence = 0.95,
  prior: BetaPrior = jeffreysPrior,
): Interval {
  assertProportion(observed);
  assertOpenShare('Confidence', confidence);
  const { successes, trials } = observed;
  if (trials === 0) return { low: 0, high: 1 };
  const failures = trials - successes;
  const least = logMixture(successes, failures, prior) + Math.log(1 - confidence);
  const excluded = (p: number): boolean => logLikelihood(successes, failures, p) < least;
  const share = successes / trials;
  return {
    low: successes === 0 ? 0 : edgeBetween(0, share, excluded),
    high: failures === 0 ? 1 : edgeBetween(1, share, excluded),
  };
}

/** Where exclusion ends between a side that is excluded and the observed share, which never is. Stays on the safe side. */
function edgeBetween(outside: number, inside: number, excluded: (p: number) => boolean): number {
  let [out, kept] = [outside, inside];
  for (let halving = 0; halving < 60; halving += 1) {
    const middle = (out + kept) / 2;
    if (excluded(middle)) out = middle;
    else kept = middle;
  }
  return out;
}
