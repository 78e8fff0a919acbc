import { assertOpenShare, assertWhole } from '../samples/assert-parameter.js';

export interface AdwinOptions {
  /** Probability of a false alarm per search for a cut. Default 0.002. */
  readonly delta?: number;
  /** Number of values between two searches for a cut. Default 32. */
  readonly clock?: number;
  /** Maximum number of buckets of one size; beyond it the two oldest are merged. At least 2. Default 5. */
  readonly maxBuckets?: number;
  /** Minimum number of values on each side of a cut. Default 5. */
  readonly minSide?: number;
}

/** Consecutive values in buckets of 2^level values each, newest first and therefore in order of level. */
export interface AdwinBuckets {
  readonly means: readonly number[];
  /** Sums of squared deviations from each mean. */
  readonly squares: readonly number[];
  /** How many buckets there are of each level. */
  readonly perLevel: readonly number[];
}

/** The newest value and a link to the ones before it. Successive states share the list instead of copying it. */
export interface AdwinRecent {
  readonly value: number;
  readonly before?: AdwinRecent | undefined;
  /** How many values there are. */
  readonly count: number;
}

export interface AdwinState {
  readonly buckets: AdwinBuckets;
  /** Values that are not yet in a bucket. */
  readonly recent?: AdwinRecent | undefined;
  readonly ticks: number;
  /** True when the last value made the window drop its oldest values. */
  readonly drifted: boolean;
}

export const initialAdwinState: AdwinState = {
  buckets: { means: [], squares: [], perLevel: [] },
  recent: undefined,
  ticks: 0,
  drifted: false,
};

/** Values held outside the buckets. A low limit keeps the linked list of a state short. */
const MAX_RECENT = 32;
/** Larger magnitudes are ignored: the square times the window would overflow a double. */
const MAX_MAGNITUDE = 1e100;

/**
 * ADWIN: keeps the longest recent window whose mean is consistent and drops older values when it is not. Neither the size
 * nor the speed of a change has to be known. Takes a state and one value and returns the next state (plain JSON).
 *
 * A cut into W0 (old) and W1 (new) drops the oldest values when |mean0 - mean1| exceeds
 *
 *   eps = sqrt(2/m * variance * ln(2 ln n / delta)) + 2/(3m) * ln(2 ln n / delta),  1/m = 1/n0 + 1/n1
 *
 * Memory is logarithmic: buckets double in size with age. A value that is not finite, or beyond 1e100, is ignored; a
 * constant never drifts. Assumes bounded values; scale a series with far outliers first.
 *
 * One search raises a false alarm with a probability of at most delta, a stream of n values with at most delta n / clock. The
 * bound is far from tight: of 10,000 streams of 512 values none alarmed at 0.002, and 1 % at 0.2.
 *
 * After a change the recent values are kept, as in the paper. A large change may therefore drop more values, and alarm, at the
 * following searches too. River starts over instead. The first alarms are identical.
 *
 * @see Bifet & Gavalda (2007), Learning from time-changing data with adaptive windowing; river.drift.ADWIN
 */
export function adwin(state: AdwinState, value: number, options: AdwinOptions = {}): AdwinState {
  const { delta = 0.002, clock = 32, maxBuckets = 5, minSide = 5 } = options;
  assertOpenShare('delta', delta);
  assertWhole('clock', clock, 1);
  assertWhole('maxBuckets', maxBuckets, 2);
  assertWhole('minSide', minSide, 1);
  if (!(Math.abs(value) <= MAX_MAGNITUDE)) return state.drifted ? { ...state, drifted: false } : state;
  const ticks = state.ticks + 1;
  const recent = { value, before: state.recent, count: 1 + (state.recent?.count ?? 0) };
  const look = ticks % clock === 0;
  if (!look && recent.count < MAX_RECENT) return { buckets: state.buckets, recent, ticks, drifted: false };
  const buckets = addValues(state.buckets, recent, maxBuckets);
  const kept = look ? dropPast(buckets, delta, minSide) : buckets;
  return { buckets: kept, recent: undefined, ticks, drifted: kept !== buckets };
}

/** Values in the window and their mean; undefined while it is empty. */
export function adwinWindow({
  buckets,
  recent,
}: AdwinState): { readonly width: number; readonly mean: number } | undefined {
  const held = computeCentre(buckets);
  const width = held.width + (recent?.count ?? 0);
  if (width === 0) return undefined;
  let { mean } = held;
  for (let each = recent; each !== undefined; each = each.before) mean += (each.value - held.mean) / width;
  return { width, mean };
}

/** Puts values into buckets. */
function addValues(from: AdwinBuckets, recent: AdwinRecent, maxBuckets: number): AdwinBuckets {
  const perLevel = countPerLevel(from.perLevel, recent.count, maxBuckets);
  const length = perLevel.reduce((sum, buckets) => sum + buckets, 0);
  const [means, squares] = [new Array<number>(length), new Array<number>(length)];
  // The buckets of one level, newest first: those moving up into it (the values themselves at level 0), then its own.
  const room = recent.count + from.means.length;
  const [levelMeans, levelSquares] = [new Array<number>(room), new Array<number>(room)];
  let [read, written, up] = [0, 0, 0];
  for (let each: AdwinRecent | undefined = recent; each !== undefined; each = each.before, up += 1) {
    levelMeans[up] = each.value;
    levelSquares[up] = 0;
  }
  for (let level = 0, size = 1; level < perLevel.length && up > 0; level += 1, size *= 2) {
    let all = up;
    for (let held = from.perLevel[level] ?? 0; held > 0; held -= 1, all += 1, read += 1) {
      levelMeans[all] = from.means[read] as number;
      levelSquares[all] = from.squares[read] as number;
    }
    const stay = perLevel[level] as number;
    for (let index = 0; index < stay; index += 1, written += 1) {
      means[written] = levelMeans[index] as number;
      squares[written] = levelSquares[index] as number;
    }
    up = mergePairs(levelMeans, levelSquares, stay, all, size);
  }
  for (; written < length; read += 1, written += 1) {
    means[written] = from.means[read] as number;
    squares[written] = from.squares[read] as number;
  }
  return { means, squares, perLevel };
}

/** Merges neighbours in [`from`, `to`) pairwise to the front of the arrays and returns their number. Chan's formula for equal sizes. */
function mergePairs(means: number[], squares: number[], from: number, to: number, size: number): number {
  let joined = 0;
  for (let index = from; index < to; index += 2, joined += 1) {
    const [newer, older] = [means[index] as number, means[index + 1] as number];
    const distance = newer - older;
    squares[joined] =
      (squares[index] as number) + (squares[index + 1] as number) + (distance * distance * size) / 2;
    means[joined] = older + distance / 2;
  }
  return joined;
}

/**
 * The number of buckets per level after adding `values` values. A level with q > `maxBuckets` buckets merges its oldest
 * ceil((q - maxBuckets) / 2) pairs into the next level, exactly those that merge when values arrive one by one.
 */
function countPerLevel(perLevel: readonly number[], values: number, maxBuckets: number): readonly number[] {
  const levels = perLevel.slice();
  for (let level = 0, up = values; up > 0; level += 1) {
    const all = up + (levels[level] ?? 0);
    const pairs = Math.max(0, Math.ceil((all - maxBuckets) / 2));
    levels[level] = all - 2 * pairs;
    up = pairs;
  }
  return levels;
}

/** Drops the oldest bucket while there is a cut. Returns the same object when there is none. */
function dropPast(buckets: AdwinBuckets, delta: number, minSide: number): AdwinBuckets {
  let kept = buckets;
  while (hasCut(kept, delta, minSide)) {
    const oldest = kept.perLevel.length - 1;
    const left = (kept.perLevel[oldest] as number) - 1;
    kept = {
      means: kept.means.slice(0, -1),
      squares: kept.squares.slice(0, -1),
      perLevel: [...kept.perLevel.slice(0, oldest), ...(left > 0 ? [left] : [])],
    };
  }
  return kept;
}

function hasCut(buckets: AdwinBuckets, delta: number, minSide: number): boolean {
  const { width, mean } = computeCentre(buckets);
  const squares = sumSquaresAround(mean, buckets);
  if (width < 2 * minSide || squares === 0) return false;
  const doubt = Math.log((2 * Math.log(width)) / delta);
  const necessary = (2 * squares * doubt) / width;
  // The old side: its number of values, and the sum of their deviations from the window's mean.
  let [old, excess, bucket] = [0, 0, buckets.means.length - 1];
  let size = 2 ** (buckets.perLevel.length - 1);
  for (let level = buckets.perLevel.length - 1; level >= 0; level -= 1, size /= 2) {
    for (let left = buckets.perLevel[level] as number; left > 0; left -= 1, bucket -= 1) {
      old += size;
      excess += ((buckets.means[bucket] as number) - mean) * size;
      const recent = width - old;
      if (old < minSide || recent < minSide) continue;
      const [n0, n1] = [old - minSide + 1, recent - minSide + 1];
      // mean0 - mean1 = apart / sides. Squared and without a division first: nearly every cut ends here.
      const [apart, sides] = [excess * width, old * recent];
      if (apart * apart * n0 * n1 <= necessary * (n0 + n1) * sides * sides) continue;
      const perSide = 1 / n0 + 1 / n1;
      if (Math.abs(apart) / sides > Math.sqrt(necessary * perSide) + (2 / 3) * doubt * perSide) return true;
    }
  }
  return false;
}

/** Sums differences from one of the values, so that the mean of a constant is exactly that constant. */
function computeCentre({ means, perLevel }: AdwinBuckets): { readonly width: number; readonly mean: number } {
  const from = means[0] ?? 0;
  let [width, sum, bucket] = [0, 0, 0];
  for (let level = 0, size = 1; level < perLevel.length; level += 1, size *= 2) {
    for (let left = perLevel[level] as number; left > 0; left -= 1, bucket += 1) {
      width += size;
      sum += ((means[bucket] as number) - from) * size;
    }
  }
  return { width, mean: width > 0 ? from + sum / width : 0 };
}

function sumSquaresAround(mean: number, { means, squares, perLevel }: AdwinBuckets): number {
  let [sum, bucket] = [0, 0];
  for (let level = 0, size = 1; level < perLevel.length; level += 1, size *= 2) {
    for (let left = perLevel[level] as number; left > 0; left -= 1, bucket += 1) {
      const distance = (means[bucket] as number) - mean;
      sum += (squares[bucket] as number) + distance * distance * size;
    }
  }
  return sum;
}
