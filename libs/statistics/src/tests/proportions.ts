import { assertOpenShare } from '../samples/assert-parameter.js';
import { InvalidSampleError } from '../samples/invalid-sample-error.js';
import { normalQuantile, normalTail } from '../samples/special-functions.js';

/** How often something happened. */
export interface Proportion {
  readonly successes: number;
  readonly trials: number;
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Throws unless 0 <= successes <= trials, whole numbers. */
export function assertProportion({ successes, trials }: Proportion): void {
  if (!Number.isInteger(successes) || !Number.isInteger(trials) || successes < 0 || successes > trials) {
    throw new InvalidSampleError(`${successes} of ${trials} is not a proportion`);
  }
}

/**
 * Wilson's interval for a proportion: keeps its level also near 0 and 1 and for few trials, never leaves [0, 1].
 * Undefined without trials. For one look at fixed data; for repeated looks use `proportionConfidenceSequence`.
 *
 * @see Wilson (1927), Probable inference, the law of succession, and statistical inference
 */
export function wilsonInterval(observed: Proportion, confidence = 0.95): Interval | undefined {
  assertProportion(observed);
  const { successes, trials } = observed;
  assertOpenShare('Confidence', confidence);
  if (trials === 0) return undefined;
  const z = normalQuantile(1 - (1 - confidence) / 2);
  const share = successes / trials;
  const scale = 1 + (z * z) / trials;
  const centre = (share + (z * z) / (2 * trials)) / scale;
  const reach = (z / scale) * Math.sqrt((share * (1 - share)) / trials + (z * z) / (4 * trials * trials));
  return {
    low: successes === 0 ? 0 : Math.max(0, centre - reach),
    high: successes === trials ? 1 : Math.min(1, centre + reach),
  };
}

/**
 * Exact upper bound for the rate of an event that never occurred: 1 - (1 - confidence)^(1 / trials), about 3 / n at 95 %.
 * Undefined without trials.
 */
export function zeroEventUpperBound(trials: number, confidence = 0.95): number | undefined {
  assertOpenShare('Confidence', confidence);
  return trials > 0 ? -Math.expm1(Math.log1p(-confidence) / trials) : undefined;
}

/** Trials without an event that show the rate to be below `rate`: 598 for 0.5 % at 95 % (rule of three: 600). */
export function zeroEventSampleSize(rate: number, confidence = 0.95): number {
  assertOpenShare('A rate', rate);
  assertOpenShare('Confidence', confidence);
  return Math.ceil(Math.log1p(-confidence) / Math.log1p(-rate));
}

export interface TwoProportionResult {
  /** Positive when the first share is the larger one. */
  readonly z: number;
  /** Two-sided. */
  readonly pValue: number;
  readonly difference: number;
}

/**
 * Two-proportion z-test with pooled variance, two-sided: are two shares equal? For one look at fixed data.
 *
 *   z = (p1 - p2) / sqrt(p (1 - p) (1/n1 + 1/n2))
 *
 * Undefined when a side has no trials. When all or none succeeded on both sides there is no difference: z 0, p 1.
 *
 * @see Fleiss, Levin & Paik, Statistical Methods for Rates and Proportions, 3rd ed.
 */
export function twoProportionTest(first: Proportion, second: Proportion): TwoProportionResult | undefined {
  assertProportion(first);
  assertProportion(second);
  if (first.trials === 0 || second.trials === 0) return undefined;
  const difference = first.successes / first.trials - second.successes / second.trials;
  const pooled = (first.successes + second.successes) / (first.trials + second.trials);
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / first.trials + 1 / second.trials));
  if (error === 0) return { z: 0, pValue: 1, difference };
  const z = difference / error;
  return { z, pValue: Math.min(1, 2 * normalTail(Math.abs(z))), difference };
}

/**
 * Trials each side needs to find a change from one share to another with this power (two-sided, default alpha 0.05 and
 * power 0.8), by Cohen's arcsine effect size, rounded up. Infinity for equal shares.
 *
 * @see Cohen (1988), Statistical power analysis for the behavioral sciences, 6.4
 */
export function sampleSizePerSide(from: number, to: number, alpha = 0.05, power = 0.8): number {
  return sampleSizeForEffect(effectSize(from, to), alpha, power);
}

/**
 * Values each side needs to find two means that lie `effect` standard deviations apart (Cohen's d), two-sided, by the normal
 * approximation, rounded up. Infinity for an effect of 0.
 */
export function sampleSizeForEffect(effect: number, alpha = 0.05, power = 0.8): number {
  assertOpenShare('alpha', alpha);
  assertOpenShare('Power', power);
  assertEffect(effect);
  if (effect === 0) return Infinity;
  // d = (mean1 - mean2) / s has the standard error sqrt(2 / n).
  return Math.ceil(2 * ((normalQuantile(1 - alpha / 2) + normalQuantile(power)) / effect) ** 2);
}

/** Power to find two means `effect` standard deviations apart with `perSide` values on each side (two-sided). */
export function powerForEffect(effect: number, perSide: number, alpha = 0.05): number {
  assertOpenShare('alpha', alpha);
  assertEffect(effect);
  if (!(perSide >= 0)) {
    throw new InvalidSampleError(`The number of values per side must not be negative, got ${perSide}`);
  }
  const shift = effect === 0 ? 0 : Math.abs(effect) * Math.sqrt(perSide / 2);
  const critical = normalQuantile(1 - alpha / 2);
  return normalTail(critical - shift) + normalTail(critical + shift);
}

/** Power to find a change from one share to another with `trialsPerSide` trials on each side (two-sided). */
export function powerForProportions(from: number, to: number, trialsPerSide: number, alpha = 0.05): number {
  return powerForEffect(effectSize(from, to), trialsPerSide, alpha);
}

function assertEffect(effect: number): void {
  if (!Number.isFinite(effect)) throw new InvalidSampleError(`The effect must be finite, got ${effect}`);
}

/** Cohen's h: the difference of two shares on the arcsine scale, where their variance is constant. */
function effectSize(from: number, to: number): number {
  for (const share of [from, to]) {
    if (!(share >= 0 && share <= 1)) {
      throw new InvalidSampleError(`A share must be between 0 and 1, got ${share}`);
    }
  }
  return 2 * Math.abs(Math.asin(Math.sqrt(from)) - Math.asin(Math.sqrt(to)));
}
