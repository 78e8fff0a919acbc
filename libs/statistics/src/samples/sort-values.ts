/** Maximum length of a run that is sorted by insertion. */
export const INSERTION_LIMIT = 24;
/** Samples up to this length share preallocated buffers: allocation would take a third of their time. */
const SHORT_SAMPLE = 2048;
/** Each pass divides one bucket's own range. Skewed samples need two or three passes, only contrived ones more. */
const MAX_PASSES = 8;

/** Returns the values of a sample in ascending order, without NaN and with -0 read as 0: the first step of all rank statistics. */
export function sortValues(sample: ArrayLike<number>): Float64Array {
  const values = new Float64Array(sample.length);
  let length = 0;
  for (let row = 0; row < sample.length; row += 1) {
    const value = (sample[row] as number) + 0;
    if (value === value) values[length++] = value;
  }
  sortPrefix(values, length);
  return values.subarray(0, length);
}

/**
 * Sorts the first `length` values in place. None of them may be NaN or -0.
 *
 * One counting pass distributes the values into buckets of equal width; insertion sort finishes the work. Linear for smooth
 * data and three times as fast as the built-in sort. A crowded bucket (skew, outliers) that is not in order yet is distributed
 * again, up to eight times. Crowded buckets of a short sample, and ranges that cannot be divided (infinities), go to the
 * built-in sort, so the worst case stays n log n.
 */
export function sortPrefix(values: Float64Array, length: number, pass = 1): void {
  if (length > INSERTION_LIMIT) {
    let [min, max] = [Infinity, -Infinity];
    for (let row = 0; row < length; row += 1) {
      const value = values[row] as number;
      if (value < min) min = value;
      if (value > max) max = value;
    }
    if (min === max) return;
    const buckets = length > SHORT_SAMPLE ? length >>> 1 : length;
    const buffers = length > SHORT_SAMPLE ? allocateBuffers(length, buckets) : sharedBuffers;
    const maxBucketSize = distributeInto(buffers, values, length, { min, max, buckets });
    if (maxBucketSize === undefined) {
      values.subarray(0, length).sort();
      return;
    }
    moveToBuckets(values, length, buffers);
    if (maxBucketSize > INSERTION_LIMIT) sortCrowdedBuckets(values, buffers, buckets, pass);
  }
  for (let index = 1; index < length; index += 1) {
    const value = values[index] as number;
    let place = index;
    for (; place > 0 && (values[place - 1] as number) > value; place -= 1) {
      values[place] = values[place - 1] as number;
    }
    values[place] = value;
  }
}

/** The bucket of each value, and where each bucket begins in ascending order. Buckets are ordered as the values are. */
export interface DistributedValues {
  readonly bucketOf: Uint32Array;
  /** Bucket b holds the positions from ends[b] to ends[b + 1]. */
  readonly ends: Uint32Array;
}

/** Distributes values into buckets of equal width, one per four values. Undefined when the range cannot be divided. */
export function distribute(values: Float64Array, min: number, max: number): DistributedValues | undefined {
  const buckets = Math.max(1, values.length >>> 2);
  const buffers = allocateBuffers(values.length, buckets);
  return distributeInto(buffers, values, values.length, { min, max, buckets }) === undefined
    ? undefined
    : buffers;
}

interface BucketRange {
  readonly min: number;
  readonly max: number;
  readonly buckets: number;
}

interface BucketBuffers extends DistributedValues {
  /** The values in their original order. */
  readonly given: Float64Array;
}

/** Distributes the first values and returns the size of the largest bucket. Undefined when the range cannot be divided. */
function distributeInto(
  { bucketOf, ends, given }: BucketBuffers,
  values: Float64Array,
  length: number,
  { min, max, buckets }: BucketRange,
): number | undefined {
  const range = max - min;
  const scale = (buckets - 1) / range;
  if (!(range > 0 && Number.isFinite(range) && Number.isFinite(scale))) return undefined;
  ends.fill(0, 0, buckets + 1);
  // Multiplying by a positive constant and truncating is monotone, so the buckets are in order.
  for (let row = 0; row < length; row += 1) {
    const value = values[row] as number;
    const bucket = ((value - min) * scale) >>> 0;
    given[row] = value;
    bucketOf[row] = bucket;
    ends[bucket + 1] = (ends[bucket + 1] as number) + 1;
  }
  let [start, maxBucketSize] = [0, 0];
  for (let bucket = 1; bucket <= buckets; bucket += 1) {
    const held = ends[bucket] as number;
    if (held > maxBucketSize) maxBucketSize = held;
    start += held;
    ends[bucket] = start;
  }
  return maxBucketSize;
}

/** Afterwards `ends` holds where each bucket ends. */
function moveToBuckets(values: Float64Array, length: number, { bucketOf, ends, given }: BucketBuffers): void {
  for (let row = 0; row < length; row += 1) {
    const bucket = bucketOf[row] as number;
    const place = ends[bucket] as number;
    ends[bucket] = place + 1;
    values[place] = given[row] as number;
  }
}

function sortCrowdedBuckets(
  values: Float64Array,
  buffers: BucketBuffers,
  buckets: number,
  pass: number,
): void {
  for (let bucket = 0, start = 0; bucket < buckets; bucket += 1) {
    const end = buffers.ends[bucket] as number;
    if (end - start > INSERTION_LIMIT && !isAscending(values, start, end)) {
      const crowd = values.subarray(start, end);
      // Within a short sample another pass would overwrite the buffers that the remaining buckets need.
      if (buffers === sharedBuffers || pass === MAX_PASSES) crowd.sort();
      else sortPrefix(crowd, end - start, pass + 1);
    }
    start = end;
  }
}

function isAscending(values: Float64Array, start: number, end: number): boolean {
  for (let index = start + 1; index < end; index += 1) {
    if ((values[index - 1] as number) > (values[index] as number)) return false;
  }
  return true;
}

const allocateBuffers = (values: number, buckets: number): BucketBuffers => ({
  bucketOf: new Uint32Array(values),
  ends: new Uint32Array(buckets + 1),
  given: new Float64Array(values),
});
/** Safe to share: sorting is synchronous, and no result refers to these buffers. */
const sharedBuffers = allocateBuffers(SHORT_SAMPLE, SHORT_SAMPLE);

/** Index of the first value larger than `value`: the number of values at or below it. */
export function firstIndexAbove(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
