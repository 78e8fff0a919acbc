import { assertOpenShare } from './assert-parameter.js';
import { type BetaPrior, betaMixtureEvidence, jeffreysPrior } from './beta-mixture.js';
import { InvalidSampleError } from './invalid-sample-error.js';
import { type Interval } from './proportions.js';
import { sortedValues } from './sorted-values.js';

/**
 * The ranks between which the quantile at `share` lies at all times at once: so many of the rows are at or below it at
 * least (`low`) and at most (`high`). Rows at or below the true quantile come up with the chance `share` each, so the
 * exact beta mixture of `proportionConfidenceSequence` says which counts are believable; no assumption on the values.
 */
export function quantileRankBounds(
  rows: number,
  share: number,
  confidence = 0.95,
  prior: BetaPrior = jeffreysPrior,
): { readonly low: number; readonly high: number } {
  assertOpenShare('A share', share);
  assertOpenShare('Confidence', confidence);
  if (!Number.isInteger(rows) || rows < 0) throw new InvalidSampleError(`${rows} is no number of rows`);
  const limit = -Math.log(1 - confidence);
  const believable = (count: number): boolean =>
    betaMixtureEvidence(count, rows - count, share, prior) < limit;
  // The evidence falls up to about share * rows and rises from there.
  const middle = leastEvidence(rows, share, prior);
  const edge = (outside: number): number => {
    let [out, kept] = [outside, middle];
    if (believable(out)) return out;
    while (Math.abs(out - kept) > 1) {
      const half = Math.trunc((out + kept) / 2);
      if (believable(half)) kept = half;
      else out = half;
    }
    return kept;
  };
  return { low: edge(0), high: edge(rows) };
}

/**
 * Interval for a quantile that holds at all times at once, exact for independent rows of any distribution, ties and
 * infinities included: from the value of rank `low` to that of rank `high` + 1. -Infinity or Infinity where the rows do
 * not reach far enough: 99 % of a latency needs some hundred rows before it has an upper end. NaN is left out; without a
 * row nothing is known.
 *
 * @see Howard & Ramdas (2022), Sequential estimation of quantiles with applications to A/B testing and best-arm identification
 */
export function quantileConfidenceSequence(
  values: ArrayLike<number>,
  share: number,
  confidence = 0.95,
): Interval {
  const sorted = sortedValues(values);
  const { low, high } = quantileRankBounds(sorted.length, share, confidence);
  return { low: sorted[low - 1] ?? -Infinity, high: sorted[high] ?? Infinity };
}

/**
 * Mixture SPRT of two quantiles: the p-value, valid however often one looks, of "both arms have one and the same quantile
 * at `share`", exact for independent rows of any distribution. The caller keeps the smallest p of all looks. If x is the
 * common quantile, each arm's rows at or below x are a proportion of `share`, and their evidences multiply:
 *
 *   p = 1 / min over x of E1(x) E2(x),  E as in `betaMixtureEvidence`
 *
 * Undefined when an arm has no value.
 */
export function quantileSprt(
  baseline: ArrayLike<number>,
  canary: ArrayLike<number>,
  share: number,
  prior: BetaPrior = jeffreysPrior,
): number | undefined {
  assertOpenShare('A share', share);
  const arms = [sortedValues(baseline), sortedValues(canary)].map((sorted) => {
    const evidence = (count: number): number =>
      betaMixtureEvidence(count, sorted.length - count, share, prior);
    return { sorted, evidence, middle: leastEvidence(sorted.length, share, prior), passed: 0 };
  });
  if (arms.some(({ sorted }) => sorted.length === 0)) return undefined;
  let least = Infinity;
  const candidates = sortedValues([...arms.flatMap(({ sorted }) => [...sorted]), -Infinity]);
  for (const candidate of new Set(candidates)) {
    // At a value that occurs, any count from "below it" to "at or below it" may be the one of the quantile.
    let [at, above] = [0, 0];
    for (const arm of arms) {
      const below = arm.passed;
      while (arm.passed < arm.sorted.length && (arm.sorted[arm.passed] as number) <= candidate)
        arm.passed += 1;
      at += arm.evidence(Math.min(arm.passed, Math.max(below, arm.middle)));
      above += arm.evidence(arm.passed);
    }
    least = Math.min(least, at, above);
  }
  return Math.min(1, Math.exp(-least));
}

/** The number of rows at or below the quantile that is most believable. The evidence is convex in it. */
function leastEvidence(rows: number, share: number, prior: BetaPrior): number {
  let [low, high] = [0, rows];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const step =
      betaMixtureEvidence(middle + 1, rows - middle - 1, share, prior) -
      betaMixtureEvidence(middle, rows - middle, share, prior);
    if (step < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
