import { assertPositive } from '../samples/assert-parameter.js';
import { InvalidSampleError } from '../samples/invalid-sample-error.js';

export interface CusumOptions {
  /** Mean in control. */
  readonly target: number;
  /** Standard deviation in control, above 0. */
  readonly deviation: number;
  /** Half of the shift to detect fastest, in standard deviations. Default 0.5. */
  readonly slack?: number;
  /** Alarm level in standard deviations, see `cusumLimitFor`. Default 5: one false alarm in about 465 values. */
  readonly limit?: number;
}

export interface CusumState {
  readonly high: number;
  readonly low: number;
  /** The direction in which the last value went out of control. The next value starts over. */
  readonly alarm: 'up' | 'down' | undefined;
}

export const initialCusumState: CusumState = { high: 0, low: 0, alarm: undefined };

/**
 * Two-sided tabular CUSUM: has the mean left a known target? The fastest test for a shift of known size at a given rate of
 * false alarms.
 *
 *   H_t = max(0, H_{t-1} + z_t - k), L_t = max(0, L_{t-1} - z_t - k);  alarm when one exceeds h;  z = (x - target) / deviation
 *
 * A value that is not finite is ignored. A deviation of 0 or less throws: a constant has no scale to measure with.
 * Assumes independent values; autocorrelation raises the rate of false alarms.
 *
 * @see Page (1954), Continuous inspection schemes; Montgomery, Introduction to Statistical Quality Control, 9.1
 */
export function cusum(state: CusumState, value: number, options: CusumOptions): CusumState {
  assertPositive('The deviation', options.deviation);
  if (!Number.isFinite(options.target)) {
    throw new InvalidSampleError(`The target must be finite, got ${options.target}`);
  }
  if (!Number.isFinite(value)) return { ...state, alarm: undefined };
  const { slack = 0.5, limit = 5 } = options;
  const from = state.alarm ? initialCusumState : state;
  const z = (value - options.target) / options.deviation;
  const high = Math.max(0, from.high + z - slack);
  const low = Math.max(0, from.low - z - slack);
  return { high, low, alarm: high > limit ? 'up' : low > limit ? 'down' : undefined };
}
