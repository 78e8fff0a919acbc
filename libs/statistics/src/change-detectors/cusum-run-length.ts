import { assertPositive } from '../samples/assert-parameter.js';
import { InvalidSampleError } from '../samples/invalid-sample-error.js';

/** Average overshoot of a discrete walk over its limit, in standard deviations: 0.583 at each of the two borders. */
const OVERSHOOT = 1.166;
/** The approximation is not valid for shorter run lengths. */
const MIN_RUN_LENGTH = 10;
const DEFAULT_SLACK = 0.5;

/**
 * The average run length (ARL) of `cusum` until an alarm, in control (`shift` 0) or with the mean off by `shift` standard
 * deviations, by Siegmund's approximation for each side:
 *
 *   ARL = (exp(-2 d b) + 2 d b - 1) / (2 d^2),  d = shift - slack (-shift - slack for a fall),  b = limit + 1.166;  b^2 for d = 0
 *   1 / ARL of both = 1 / ARL up + 1 / ARL down
 *
 * For independent normal values. In control within 1.5 % of the exact value (an integral equation) up to a slack of 0.5, and 7 %
 * too long at 1, for limits from 2 up; a lower or larger slack than 1 throws.
 *
 * @see Siegmund (1985), Sequential Analysis: Tests and Confidence Intervals, 2.6; Montgomery, Introduction to Statistical
 * Quality Control, 9.1
 */
export function cusumRunLength(limit: number, slack = DEFAULT_SLACK, shift = 0): number {
  assertPositive('The limit', limit);
  assertSlack(slack);
  if (!Number.isFinite(shift)) throw new InvalidSampleError(`The shift must be finite, got ${shift}`);
  const perValue =
    1 / oneSidedRunLength(shift - slack, limit + OVERSHOOT) +
    1 / oneSidedRunLength(-shift - slack, limit + OVERSHOOT);
  // There is no alarm before the first value.
  return Math.max(1, 1 / perValue);
}

/**
 * The `limit` with which `cusum` raises one false alarm per `valuesPerFalseAlarm` values on average. For one value a minute and
 * one false alarm in 30 days: `cusumLimitFor(30 * 1440)`. Run lengths are nearly geometric, so the probability of a false alarm
 * within that time is 63 %. Throws below 10 values.
 */
export function cusumLimitFor(valuesPerFalseAlarm: number, slack = DEFAULT_SLACK): number {
  if (!(valuesPerFalseAlarm >= MIN_RUN_LENGTH && valuesPerFalseAlarm <= 1e12)) {
    throw new InvalidSampleError(
      `Values per false alarm must be between 10 and 1e12, got ${valuesPerFalseAlarm}`,
    );
  }
  assertSlack(slack);
  let [low, high] = [0, 1];
  while (cusumRunLength(high, slack) < valuesPerFalseAlarm) high *= 2;
  for (let halving = 0; halving < 60; halving += 1) {
    const middle = (low + high) / 2;
    if (cusumRunLength(middle, slack) < valuesPerFalseAlarm) low = middle;
    else high = middle;
  }
  return high;
}

function oneSidedRunLength(drift: number, border: number): number {
  const scaled = 2 * drift * border;
  // Beyond these values the exponential overflows or is negligible.
  if (scaled < -700) return Infinity;
  if (scaled > 700) return border / drift;
  // (exp(-x) + x - 1) loses its digits near 0, where it is x^2 / 2 - x^3 / 6.
  if (Math.abs(scaled) < 1e-4) return border * border * (1 - scaled / 3);
  return (Math.expm1(-scaled) + scaled) / (2 * drift * drift);
}

function assertSlack(slack: number): void {
  if (!(slack > 0 && slack <= 1)) {
    throw new InvalidSampleError(`The slack must be above 0 and at most 1 standard deviation, got ${slack}`);
  }
}
