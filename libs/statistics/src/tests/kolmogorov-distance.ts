import { sortValues } from '../samples/sort-values.js';

/** Below this many rows sorting is as fast as counting into buckets. */
const SMALL_SAMPLE = 2048;

export interface KolmogorovDistance {
  /** Maximum distance between the two empirical distribution functions. */
  readonly distance: number;
  /** Rows with a value on each side. */
  readonly rows: readonly [number, number];
}

/**
 * The exact maximum distance between the empirical distributions of two samples without NaN. Undefined when a side has no
 * value. Linear in the rows: both samples are counted into buckets of equal width, which bounds the distance inside each
 * bucket, and only buckets whose bound exceeds the maximum over all bucket ends are sorted.
 */
export function kolmogorovDistance(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
): KolmogorovDistance | undefined {
  const range = findRange(first, second);
  if (first.length + second.length < SMALL_SAMPLE || !range) {
    return kolmogorovDistanceOfSorted(sortValues(first), sortValues(second));
  }
  const buckets = (first.length + second.length) >>> 4;
  const bucketScale = { min: range.min, scale: (buckets - 1) / (range.max - range.min) };
  const firstCounts = countBuckets(first, bucketScale, buckets);
  const secondCounts = countBuckets(second, bucketScale, buckets);
  const rows = [sum(firstCounts), sum(secondCounts)] as const;
  if (rows[0] === 0 || rows[1] === 0) return undefined;

  let [i, j, best] = [0, 0, 0];
  for (let bucket = 0; bucket < buckets; bucket += 1) {
    i += firstCounts[bucket] as number;
    j += secondCounts[bucket] as number;
    best = Math.max(best, Math.abs(i / rows[0] - j / rows[1]));
  }
  const open = new Uint8Array(buckets);
  [i, j] = [0, 0];
  for (let bucket = 0; bucket < buckets; bucket += 1) {
    const before = i / rows[0] - j / rows[1];
    const [up, down] = [
      (firstCounts[bucket] as number) / rows[0],
      (secondCounts[bucket] as number) / rows[1],
    ];
    if (up > 0 && down > 0 && Math.max(before + up, down - before) > best) open[bucket] = 1;
    i += firstCounts[bucket] as number;
    j += secondCounts[bucket] as number;
  }
  const firstOpen = sortValues(selectOpen(first, bucketScale, open));
  const secondOpen = sortValues(selectOpen(second, bucketScale, open));
  let [fromX, fromY] = [0, 0];
  [i, j] = [0, 0];
  for (let bucket = 0; bucket < buckets; bucket += 1) {
    const [x, y] = [firstCounts[bucket] as number, secondCounts[bucket] as number];
    if (open[bucket] === 1) {
      const inside = walkSorted(
        firstOpen.subarray(fromX, fromX + x),
        secondOpen.subarray(fromY, fromY + y),
        i,
        j,
        rows,
      );
      best = Math.max(best, inside);
      fromX += x;
      fromY += y;
    }
    i += x;
    j += y;
  }
  return { distance: best, rows };
}

/** Like `kolmogorovDistance`, for samples sorted by `sortValues`. */
export function kolmogorovDistanceOfSorted(
  first: Float64Array,
  second: Float64Array,
): KolmogorovDistance | undefined {
  if (first.length === 0 || second.length === 0) return undefined;
  const rows = [first.length, second.length] as const;
  return { distance: walkSorted(first, second, 0, 0, rows), rows };
}

/** Walks two sorted runs that begin after `i` and `j` rows. Ties are consumed on both sides before the distance is taken. */
function walkSorted(
  first: Float64Array,
  second: Float64Array,
  i: number,
  j: number,
  rows: readonly [number, number],
): number {
  let [x, y, gap] = [0, 0, 0];
  while (x < first.length || y < second.length) {
    const value = Math.min(
      x < first.length ? (first[x] as number) : Infinity,
      y < second.length ? (second[y] as number) : Infinity,
    );
    while (x < first.length && first[x] === value) x += 1;
    while (y < second.length && second[y] === value) y += 1;
    gap = Math.max(gap, Math.abs((i + x) / rows[0] - (j + y) / rows[1]));
  }
  return gap;
}

interface BucketScale {
  readonly min: number;
  readonly scale: number;
}

/** Multiplying by a positive constant and truncating is monotone, so the buckets are in order. */
const bucketOf = (value: number, { min, scale }: BucketScale): number => ((value - min) * scale) >>> 0;

function countBuckets(values: ArrayLike<number>, bucketScale: BucketScale, buckets: number): Uint32Array {
  const counts = new Uint32Array(buckets);
  for (let row = 0; row < values.length; row += 1) {
    const value = values[row] as number;
    if (value !== value) continue;
    const bucket = bucketOf(value, bucketScale);
    counts[bucket] = (counts[bucket] as number) + 1;
  }
  return counts;
}

function selectOpen(values: ArrayLike<number>, bucketScale: BucketScale, open: Uint8Array): Float64Array {
  const kept = new Float64Array(values.length);
  let length = 0;
  for (let row = 0; row < values.length; row += 1) {
    const value = values[row] as number;
    if (value === value && open[bucketOf(value, bucketScale)] === 1) kept[length++] = value;
  }
  return kept.subarray(0, length);
}

/** Undefined when the range cannot be divided into buckets of equal width: no values, one value, infinities. */
function findRange(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
): { min: number; max: number } | undefined {
  let [min, max] = [Infinity, -Infinity];
  for (const values of [first, second]) {
    for (let row = 0; row < values.length; row += 1) {
      const value = values[row] as number;
      if (value < min) min = value;
      if (value > max) max = value;
    }
  }
  const range = max - min;
  return range > 0 && Number.isFinite(range) && Number.isFinite(4_294_967_295 / range)
    ? { min, max }
    : undefined;
}

const sum = (counts: Uint32Array): number => counts.reduce((sum, count) => sum + count, 0);
