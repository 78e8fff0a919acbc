import { logBeta } from '../samples/special-functions.js';

/** Weights of the shares that a bet is spread over. 0.5, 0.5 (Jeffreys) suits shares of any size. */
export interface BetaPrior {
  readonly a: number;
  readonly b: number;
}

export const jeffreysPrior: BetaPrior = { a: 0.5, b: 0.5 };

/**
 * ln of the evidence against "the share is p": how much a bet spread over all shares by a beta prior has won from one on p.
 *
 *   ln [ B(s + a, f + b) / B(a, b) / (p^s (1 - p)^f) ]
 *
 * Starts at 0 without trials. Under p it is a martingale: the chance that it ever exceeds ln(1 / alpha) is at most alpha
 * (Ville's inequality), which makes exp(-evidence) a p-value that may be looked at after every trial: the exact mixture
 * SPRT of one proportion. Infinite when p is 0 or 1 and the other outcome was seen.
 *
 * @see Robbins (1970), Statistical methods related to the law of the iterated logarithm
 */
export function betaMixtureEvidence(
  successes: number,
  failures: number,
  p: number,
  prior: BetaPrior = jeffreysPrior,
): number {
  return logMixture(successes, failures, prior) - logLikelihood(successes, failures, p);
}

/** The part of the evidence that does not depend on p. */
export function logMixture(successes: number, failures: number, { a, b }: BetaPrior): number {
  return logBeta(successes + a, failures + b) - logBeta(a, b);
}

export function logLikelihood(successes: number, failures: number, p: number): number {
  return (successes > 0 ? successes * Math.log(p) : 0) + (failures > 0 ? failures * Math.log1p(-p) : 0);
}
