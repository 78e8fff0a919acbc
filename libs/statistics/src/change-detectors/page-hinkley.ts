/** Defaults are River's. */
export interface PageHinkleyOptions {
  /** Minimum number of values before the first alarm. Default 30. */
  readonly minInstances?: number;
  /** Tolerated change, in units of the series. Default 0.005. */
  readonly delta?: number;
  /** A larger threshold alarms later and raises fewer false alarms. Default 50. */
  readonly threshold?: number;
  /** Weight of the past in the sums. Default 0.9999. */
  readonly alpha?: number;
  /** Direction of the changes to detect. Default `both`. */
  readonly direction?: 'up' | 'down' | 'both';
}

export interface PageHinkleyState {
  readonly count: number;
  readonly mean: number;
  readonly increase: number;
  readonly decrease: number;
  readonly minIncrease: number;
  readonly maxDecrease: number;
  /** True right after the value that raised the alarm. The next value starts over. */
  readonly drifted: boolean;
}

export const initialPageHinkleyState: PageHinkleyState = {
  count: 0,
  mean: 0,
  increase: 0,
  decrease: 0,
  minIncrease: Number.MAX_VALUE,
  maxDecrease: -1,
  drifted: false,
};

/**
 * Page-Hinkley test: has the mean of a series changed? Takes a state and one value and returns the next state
 * (plain JSON): a state stored with the offsets resumes where it was.
 *
 *   U_t = alpha * U_{t-1} + (x_t - mean_t - delta);  alarm when U_t - min U > threshold (and mirrored for a fall)
 *
 * A value that is not finite, or so large that the sums would overflow, is ignored: a missing value is not evidence. A constant series never alarms. The threshold is in
 * units of the series; scale it first when series differ.
 *
 * False alarms: the steps from a running mean are independent for normal values and a little narrower than theirs, so with
 * alpha 1 the test is a CUSUM that errs up to 10 % less often than `cusumRunLength(threshold / s, delta / s)` says, s the standard
 * deviation in control. With alpha below 1 the sums forget what delta took from them, and after some 1 / (1 - alpha)
 * values nothing is tolerated any more: one watches for years with alpha 1.
 *
 * @see Page (1954), Continuous inspection schemes; river.drift.PageHinkley
 */
export function pageHinkley(
  state: PageHinkleyState,
  value: number,
  options: PageHinkleyOptions = {},
): PageHinkleyState {
  if (!Number.isFinite(value)) return { ...state, drifted: false };
  const { minInstances = 30, delta = 0.005, threshold = 50, alpha = 0.9999, direction = 'both' } = options;
  const from = state.drifted ? initialPageHinkleyState : state;
  const count = from.count + 1;
  const mean = from.mean + (value - from.mean) / count;
  const increase = alpha * from.increase + value - mean - delta;
  const decrease = alpha * from.decrease + value - mean + delta;
  if (!Number.isFinite(mean) || !Number.isFinite(increase) || !Number.isFinite(decrease)) {
    return { ...state, drifted: false };
  }
  const minIncrease = Math.min(from.minIncrease, increase);
  const maxDecrease = Math.max(from.maxDecrease, decrease);
  const rose = direction !== 'down' && increase - minIncrease > threshold;
  const fell = direction !== 'up' && maxDecrease - decrease > threshold;
  const drifted = count >= minInstances && (rose || fell);
  return { count, mean, increase, decrease, minIncrease, maxDecrease, drifted };
}
