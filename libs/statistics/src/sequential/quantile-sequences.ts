import { assertOpenShare } from '../samples/assert-parameter.js';
import { type BetaPrior, betaMixtureEvidence, jeffreysPrior } from './beta-mixture.js';
import { InvalidSampleError } from '../samples/invalid-sample-error.js';
import { type Interval } from '../tests/proportions.js';
import { sortValues } from '../samples/sort-values.js';

/**
 * The ranks between which the quantile at `share` lies at all times simultaneously: at least `low` and at most `high` rows are
 * at or below it. Each row is at or below the true quantile with probability `share`, so the exact beta mixture of
 * `proportionConfidenceSequence` gives the plausible counts. No assumption on the values.
 */
export function quantileRankBounds(
  rows: number,
  share: number,
  confidence = 0.95,
  prior: BetaPrior = jeffreysPrior,
): { readonly low: number; readonly high: number } {
  assertOpenShare('A share', share);
  assertOpenShare('Confidence', confidence);
  if (!Number.isSafeInteger(rows) || rows < 0) {
    throw new InvalidSampleError(`The number of rows must be a non-negative integer, got ${rows}`);
  }
  const limit = -Math.log(1 - confidence);
  const believable = (count: number): boolean =>
    betaMixtureEvidence(count, rows - count, share, prior) < limit;
  // The evidence falls up to about share * rows and rises from there.
  const middle = findMinEvidence(rows, share, prior);
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
  const sorted = sortValues(values);
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
  const [one, two] = [armOf(baseline, share, prior), armOf(canary, share, prior)];
  if (one.sorted.length === 0 || two.sorted.length === 0) return undefined;
  let minEvidence = Infinity;
  let candidate = -Infinity;
  do {
    // At a value that occurs, any count from "below it" to "at or below it" may be the one of the quantile.
    const at = passTo(candidate, one) + passTo(candidate, two);
    const above = (one.evidence[one.passed] as number) + (two.evidence[two.passed] as number);
    minEvidence = Math.min(minEvidence, at, above);
    candidate = Math.min(nextOf(one), nextOf(two));
  } while (one.passed < one.sorted.length || two.passed < two.sorted.length);
  return Math.min(1, Math.exp(-minEvidence));
}

interface Arm {
  readonly sorted: Float64Array;
  /** By the number of rows at or below the quantile. */
  readonly evidence: Float64Array;
  readonly middle: number;
  /** Rows at or below the candidate. */
  passed: number;
}

function armOf(values: ArrayLike<number>, share: number, prior: BetaPrior): Arm {
  const sorted = sortValues(values);
  const middle = findMinEvidence(sorted.length, share, prior);
  return { sorted, evidence: evidenceOfCounts(sorted.length, middle, share, prior), middle, passed: 0 };
}

/** Passes the rows at or below a candidate and says how little evidence there can be against it. */
function passTo(candidate: number, arm: Arm): number {
  const below = arm.passed;
  while (arm.passed < arm.sorted.length && (arm.sorted[arm.passed] as number) <= candidate) arm.passed += 1;
  return arm.evidence[Math.min(arm.passed, Math.max(below, arm.middle))] as number;
}

const nextOf = ({ sorted, passed }: Arm): number =>
  passed < sorted.length ? (sorted[passed] as number) : Infinity;

/**
 * `betaMixtureEvidence` of every count from 0 to `rows`: from one to the next it moves by ln((s + a) / (f - 1 + b)) less the
 * log odds of the share. Begun at the least, where digits count.
 */
function evidenceOfCounts(rows: number, middle: number, share: number, prior: BetaPrior): Float64Array {
  const evidence = new Float64Array(rows + 1);
  const odds = Math.log(share) - Math.log1p(-share);
  const step = (count: number): number => Math.log((count + prior.a) / (rows - count - 1 + prior.b)) - odds;
  evidence[middle] = betaMixtureEvidence(middle, rows - middle, share, prior);
  for (let count = middle; count < rows; count += 1) {
    evidence[count + 1] = (evidence[count] as number) + step(count);
  }
  for (let count = middle; count > 0; count -= 1) {
    evidence[count - 1] = (evidence[count] as number) - step(count - 1);
  }
  return evidence;
}

/** The number of rows at or below the quantile that is most believable. The evidence is convex in it. */
function findMinEvidence(rows: number, share: number, prior: BetaPrior): number {
  let [low, high] = [0, rows];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const step =
      betaMixtureEvidence(middle + 1, rows - middle - 1, share, prior) -
      betaMixtureEvidence(middle, rows - middle, share, prior);
    if (step < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
