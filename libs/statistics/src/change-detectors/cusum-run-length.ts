import { assertPositive } from '../samples/assert-parameter.js';
import { InvalidSampleError } from '../samples/invalid-sample-error.js';

/** What a discrete walk exceeds its limit by on average, in standard deviations: 0.583, once at each border. */
const OVERSHOOT = 1.166;
/** Below, a limit is so low that the approximation says nothing. */
const LEAST_RUN_LENGTH = 10;
const DEFAULT_SLACK = 0.5;

/**
 * After how many values `cusum` alarms on average (ARL), in control (`shift` 0) or with the mean `shift` standard deviations
 * off, by Siegmund's approximation of each side:
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
  if (!Number.isFinite(shift)) throw new InvalidSampleError(`A shift is a finite number, got ${shift}`);
  const perValue =
    1 / oneSided(shift - slack, limit + OVERSHOOT) + 1 / oneSided(-shift - slack, limit + OVERSHOOT);
  // No alarm comes before the first value.
  return Math.max(1, 1 / perValue);
}

/**
 * The `limit` of `cusum` with which there is one false alarm in so many values on average: of a value a minute and one
 * false alarm in 30 days, `cusumLimitFor(30 * 1440)`. The run up to an alarm is nearly geometric, so within that time there is
 * one with a chance of 63 %. Throws below 10 values.
 */
export function cusumLimitFor(valuesPerFalseAlarm: number, slack = DEFAULT_SLACK): number {
  if (!(valuesPerFalseAlarm >= LEAST_RUN_LENGTH && valuesPerFalseAlarm <= 1e12)) {
    throw new InvalidSampleError(
      `One false alarm in ${valuesPerFalseAlarm} values cannot be asked for; 10 to 1e12 can`,
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

function oneSided(drift: number, border: number): number {
  const scaled = 2 * drift * border;
  // Beyond, the exponential is out of range or next to nothing.
  if (scaled < -700) return Infinity;
  if (scaled > 700) return border / drift;
  // (exp(-x) + x - 1) loses its digits near 0, where it is x^2 / 2 - x^3 / 6.
  if (Math.abs(scaled) < 1e-4) return border * border * (1 - scaled / 3);
  return (Math.expm1(-scaled) + scaled) / (2 * drift * drift);
}

function assertSlack(slack: number): void {
  if (!(slack > 0 && slack <= 1)) {
    throw new InvalidSampleError(`A slack lies above 0 and up to 1 standard deviation, got ${slack}`);
  }
}
