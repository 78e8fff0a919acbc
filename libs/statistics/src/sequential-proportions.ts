import { InvalidSampleError } from './invalid-sample-error.js';
import { assertProportion, type Proportion } from './proportions.js';

/** Evidence gathered so far; plain JSON, so that a rollout that restarts goes on where it was. */
export interface SafeTestState {
  readonly baseline: Proportion;
  readonly canary: Proportion;
  /** ln of the e-value: how much money a fair bet against "no difference" has made. */
  readonly logEvidence: number;
  /** Largest evidence of any look; decides the always-valid p-value. */
  readonly mostLogEvidence: number;
}

export const safeTestStart: SafeTestState = {
  baseline: { successes: 0, trials: 0 },
  canary: { successes: 0, trials: 0 },
  logEvidence: 0,
  mostLogEvidence: 0,
};

/** What the canary's share would have to do to count as a difference. */
export type Alternative = 'greater' | 'less' | 'different';

/**
 * Safe test of two proportions: adds one block of trials of both arms to the evidence against "both shares are equal".
 * One may look after every block and stop whenever one likes: the chance that the always-valid p-value ever falls to
 * alpha without a difference is at most alpha, exactly, also with a handful of trials.
 *
 * Each block is bet on with the shares predicted from the blocks before it (a little smoothed), so it must not be known in advance:
 *
 *   E *= Pa(block) Pb(block) / P0(block),  P0 at the trial-weighted mean of both predictions
 *
 * A block in which one arm has no trials adds counts but no evidence. With a one-sided alternative no bet is made while
 * the prediction lies on the other side.
 *
 * @see Turner, Ly & Grunwald (2024), Generic E-variables for exact sequential k-sample tests that allow for optional stopping
 */
export function safeProportionTest(
  state: SafeTestState,
  block: { readonly baseline: Proportion; readonly canary: Proportion },
  alternative: Alternative = 'different',
): SafeTestState {
  assertProportion(block.baseline);
  assertProportion(block.canary);
  const logEvidence = state.logEvidence + betOn(state, block, alternative);
  return {
    baseline: add(state.baseline, block.baseline),
    canary: add(state.canary, block.canary),
    logEvidence,
    mostLogEvidence: Math.max(state.mostLogEvidence, logEvidence),
  };
}

/** The p-value that may be looked at after every block: 1 / the largest evidence so far. */
export function alwaysValidPValue(state: { readonly mostLogEvidence: number }): number {
  return Math.min(1, Math.exp(-state.mostLogEvidence));
}

/** Added to successes and failures before predicting; 0.18 is the value with the least regret in the paper. */
const SMOOTHING = 0.18;
const predict = ({ successes, trials }: Proportion): number =>
  (successes + SMOOTHING) / (trials + 2 * SMOOTHING);
const add = (first: Proportion, second: Proportion): Proportion => ({
  successes: first.successes + second.successes,
  trials: first.trials + second.trials,
});
const logLikelihood = ({ successes, trials }: Proportion, share: number): number =>
  successes * Math.log(share) + (trials - successes) * Math.log1p(-share);

function betOn(
  state: SafeTestState,
  { baseline, canary }: { readonly baseline: Proportion; readonly canary: Proportion },
  alternative: Alternative,
): number {
  if (baseline.trials === 0 || canary.trials === 0) return 0;
  const [before, after] = [predict(state.baseline), predict(state.canary)];
  if ((alternative === 'greater' && after <= before) || (alternative === 'less' && after >= before)) return 0;
  const common = (before * baseline.trials + after * canary.trials) / (baseline.trials + canary.trials);
  return (
    logLikelihood(baseline, before) +
    logLikelihood(canary, after) -
    logLikelihood(add(baseline, canary), common)
  );
}

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
  if (!(tau > 0)) throw new InvalidSampleError(`tau must be above 0, got ${tau}`);
  if (baseline.trials === 0 || canary.trials === 0) return undefined;
  const [before, after] = [baseline.successes / baseline.trials, canary.successes / canary.trials];
  const variance = (before * (1 - before)) / baseline.trials + (after * (1 - after)) / canary.trials;
  if (variance === 0) return undefined;
  const total = variance + tau * tau;
  const logRatio =
    0.5 * Math.log(variance / total) + (tau * tau * (after - before) ** 2) / (2 * variance * total);
  return Math.min(1, Math.exp(-logRatio));
}
