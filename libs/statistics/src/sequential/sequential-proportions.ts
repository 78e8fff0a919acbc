import { logLikelihood } from './beta-mixture.js';
import { assertProportion, type Proportion } from '../tests/proportions.js';

/** Evidence gathered so far; plain JSON, so that a rollout resumes after a restart. */
export interface SafeTestState {
  readonly baseline: Proportion;
  readonly canary: Proportion;
  /** ln of the e-value: how much money a fair bet against "no difference" has made. */
  readonly logEvidence: number;
  /** Largest evidence of any look; decides the always-valid p-value. */
  readonly maxLogEvidence: number;
}

export const initialSafeTestState: SafeTestState = {
  baseline: { successes: 0, trials: 0 },
  canary: { successes: 0, trials: 0 },
  logEvidence: 0,
  maxLogEvidence: 0,
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
    maxLogEvidence: Math.max(state.maxLogEvidence, logEvidence),
  };
}

/** The p-value that may be looked at after every block: 1 / the largest evidence so far. */
export function alwaysValidPValue(state: { readonly maxLogEvidence: number }): number {
  return Math.min(1, Math.exp(-state.maxLogEvidence));
}

/** Added to successes and failures before predicting; 0.18 is the value with the least regret in the paper. */
const SMOOTHING = 0.18;
const predict = ({ successes, trials }: Proportion): number =>
  (successes + SMOOTHING) / (trials + 2 * SMOOTHING);
const add = (first: Proportion, second: Proportion): Proportion => ({
  successes: first.successes + second.successes,
  trials: first.trials + second.trials,
});
const logLikelihoodOf = ({ successes, trials }: Proportion, share: number): number =>
  logLikelihood(successes, trials - successes, share);

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
    logLikelihoodOf(baseline, before) +
    logLikelihoodOf(canary, after) -
    logLikelihoodOf(add(baseline, canary), common)
  );
}
