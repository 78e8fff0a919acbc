import { assertOpenShare } from './assert-parameter.js';
import { mergeMoments, type Moments, noMoments } from './moments.js';

export interface AdwinOptions {
  /** Chance of a false alarm at a look. Default 0.002. */
  readonly delta?: number;
  /** Looks for a cut every so many values. Default 32. */
  readonly clock?: number;
  /** Buckets of one size before two are merged. Default 5. */
  readonly maxBuckets?: number;
  /** Values on each side of a cut, at least. Default 5. */
  readonly minSide?: number;
}

export interface AdwinState {
  /** Neighbouring values in order of time, oldest first. */
  readonly buckets: readonly Moments[];
  readonly ticks: number;
  /** True when the last value made the window drop its past. */
  readonly drifted: boolean;
}

export const adwinStart: AdwinState = { buckets: [], ticks: 0, drifted: false };

/**
 * ADWIN: keeps the longest recent window whose mean is consistent and drops the past when it is not, so that a change
 * is found without saying how fast or how large. Takes the state and one value, gives the next state (plain JSON).
 *
 * A cut into W0 (old) and W1 (new) drops the oldest values when |mean0 - mean1| exceeds
 *
 *   eps = sqrt(2/m * variance * ln(2 ln n / delta)) + 2/(3m) * ln(2 ln n / delta),  1/m = 1/n0 + 1/n1
 *
 * Memory is logarithmic: buckets double in size with age. A value that is not finite is ignored; a constant never
 * drifts. Assumes bounded values; scale a series with far outliers first.
 *
 * After a change the recent values are kept, as in the paper, so a large change may drop more of the past, and alarm, at the
 * next looks too; River starts afresh instead. The first alarms are the same.
 *
 * @see Bifet & Gavalda (2007), Learning from time-changing data with adaptive windowing; river.drift.ADWIN
 */
export function adwin(state: AdwinState, value: number, options: AdwinOptions = {}): AdwinState {
  if (!Number.isFinite(value)) return { ...state, drifted: false };
  const { delta = 0.002, clock = 32, maxBuckets = 5, minSide = 5 } = options;
  assertOpenShare('delta', delta);
  let buckets = compress([...state.buckets, { count: 1, mean: value, squares: 0 }], maxBuckets);
  const ticks = state.ticks + 1;
  let drifted = false;
  if (ticks % clock === 0) {
    while (hasCut(buckets, delta, minSide)) {
      buckets = buckets.slice(1);
      drifted = true;
    }
  }
  return { buckets, ticks, drifted };
}

/** Values in the window and their mean; undefined while it is empty. */
export function adwinWindow(
  state: AdwinState,
): { readonly width: number; readonly mean: number } | undefined {
  const whole = joinAll(state.buckets);
  return whole.count > 0 ? { width: whole.count, mean: whole.mean } : undefined;
}

const joinAll = (buckets: readonly Moments[]): Moments => buckets.reduce(mergeMoments, noMoments);

/**
 * Merges the two oldest of a size wherever there are more than `most` of it. Buckets never shrink towards the past, so each
 * size is a run, and a run that has room ends the search.
 */
function compress(buckets: Moments[], most: number): Moments[] {
  let end = buckets.length;
  while (end > 0) {
    const size = (buckets[end - 1] as Moments).count;
    let start = end;
    while (start > 0 && buckets[start - 1]?.count === size) start -= 1;
    if (end - start <= most) return buckets;
    buckets.splice(start, 2, mergeMoments(buckets[start] as Moments, buckets[start + 1] as Moments));
    end = start + 1;
  }
  return buckets;
}

/** Scalars instead of merged moments: this is what every look costs. */
function hasCut(buckets: readonly Moments[], delta: number, minSide: number): boolean {
  let count = 0;
  let mean = 0;
  let squares = 0;
  for (const bucket of buckets) {
    const distance = bucket.mean - mean;
    const both = count + bucket.count;
    squares += bucket.squares + (distance * distance * count * bucket.count) / both;
    mean += distance * (bucket.count / both);
    count = both;
  }
  if (count < 2 * minSide || squares === 0) return false;
  const variance = squares / count;
  const doubt = Math.log((2 * Math.log(count)) / delta);
  let old = 0;
  let oldMean = 0;
  for (const bucket of buckets) {
    old += bucket.count;
    oldMean += (bucket.mean - oldMean) * (bucket.count / old);
    const recent = count - old;
    if (old < minSide || recent < minSide) continue;
    const perSide = 1 / (old - minSide + 1) + 1 / (recent - minSide + 1);
    const limit = Math.sqrt(2 * perSide * variance * doubt) + (2 / 3) * doubt * perSide;
    // mean0 - mean1, where mean1 follows from the whole: (n mean - n0 mean0) / n1.
    if ((Math.abs(oldMean - mean) * count) / recent > limit) return true;
  }
  return false;
}
