import { assertOpenShare } from '../samples/assert-parameter.js';
import { type BetaPrior, jeffreysPrior, logMixture } from './beta-mixture.js';
import { assertProportion, type Interval, type Proportion } from '../tests/proportions.js';

/**
 * Interval for a proportion that holds at all times simultaneously: the data may be inspected after every trial and stopped at
 * any time, and the probability that the interval ever excludes the true value stays below 1 - confidence. Exact for independent Bernoulli trials.
 *
 * All p whose likelihood ratio against a beta mixture stays below 1 / alpha (Ville's inequality):
 *
 *   B(s + a, f + b) / B(a, b) / (p^s (1 - p)^f) < 1 / alpha
 *
 * Without trials it is [0, 1]. It is wider than Wilson's interval: the price of repeated looks.
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
  const failures = trials - successes;
  const threshold = logMixture(successes, failures, prior) + Math.log(1 - confidence);
  // Near 1e308 trials the mixture is NaN.
  if (trials === 0 || Number.isNaN(threshold)) return { low: 0, high: 1 };
  return {
    low: successes === 0 ? 0 : Math.exp(logEdge(successes, failures, threshold)),
    high: failures === 0 ? 1 : -Math.expm1(logEdge(failures, successes, threshold)),
  };
}

/**
 * u = ln p, where s u + f ln(1 - e^u), the log likelihood, reaches `threshold`. It is concave in u and cannot exceed
 * s u, so Newton's steps from threshold / s approach from the excluded side and never pass the edge: the result is conservative.
 */
function logEdge(successes: number, failures: number, threshold: number): number {
  let u = threshold / successes;
  for (let step = 0; step < 60; step += 1) {
    const rest = -Math.expm1(u);
    const lacking = threshold - successes * u - failures * Math.log(rest);
    const forward = lacking / (successes - (failures * Math.exp(u)) / rest);
    if (!(forward > 1e-15 * Math.abs(u))) break;
    u += forward;
  }
  return u;
}
