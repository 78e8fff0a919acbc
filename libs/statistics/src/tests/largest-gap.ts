import { sortedValues } from '../samples/sorted-values.js';

/** Below this many rows sorting is as fast as dealing. */
const SMALL = 2048;

export interface Gap {
  /** Largest distance between the two empirical distribution functions. */
  readonly gap: number;
  /** Rows with a value on each side. */
  readonly rows: readonly [number, number];
}

/**
 * The exact largest distance between the empirical distributions of two samples, NaN left out; undefined when a side has
 * no value. Linear in the rows: both samples are counted into buckets of equal width, which bounds the distance inside
 * each bucket, and only buckets whose bound exceeds the best distance at a bucket's end are sorted.
 */
export function largestGap(first: ArrayLike<number>, second: ArrayLike<number>): Gap | undefined {
  const range = rangeOf(first, second);
  if (first.length + second.length < SMALL || !range) {
    return gapOfSorted(sortedValues(first), sortedValues(second));
  }
  const buckets = (first.length + second.length) >>> 4;
  const dealing = { least: range.least, scale: (buckets - 1) / (range.most - range.least) };
  const firstCounts = countBuckets(first, dealing, buckets);
  const secondCounts = countBuckets(second, dealing, buckets);
  const rows = [sumOf(firstCounts), sumOf(secondCounts)] as const;
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
  const firstOpen = sortedValues(valuesIn(first, dealing, open));
  const secondOpen = sortedValues(valuesIn(second, dealing, open));
  let [fromX, fromY] = [0, 0];
  [i, j] = [0, 0];
  for (let bucket = 0; bucket < buckets; bucket += 1) {
    const [x, y] = [firstCounts[bucket] as number, secondCounts[bucket] as number];
    if (open[bucket] === 1) {
      const inside = walk(
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
  return { gap: best, rows };
}

/** As `largestGap`, for samples that `sortedValues` has sorted. */
export function gapOfSorted(first: Float64Array, second: Float64Array): Gap | undefined {
  if (first.length === 0 || second.length === 0) return undefined;
  const rows = [first.length, second.length] as const;
  return { gap: walk(first, second, 0, 0, rows), rows };
}

/** Walks two sorted runs that begin after `i` and `j` rows; equal values are passed on both sides before looking. */
function walk(
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

interface Dealing {
  readonly least: number;
  readonly scale: number;
}

/** Multiplying by a positive constant and truncating never changes an order, so buckets follow each other. */
const bucketOf = (value: number, { least, scale }: Dealing): number => ((value - least) * scale) >>> 0;

function countBuckets(values: ArrayLike<number>, dealing: Dealing, buckets: number): Uint32Array {
  const counts = new Uint32Array(buckets);
  for (let row = 0; row < values.length; row += 1) {
    const value = values[row] as number;
    if (value !== value) continue;
    const bucket = bucketOf(value, dealing);
    counts[bucket] = (counts[bucket] as number) + 1;
  }
  return counts;
}

function valuesIn(values: ArrayLike<number>, dealing: Dealing, open: Uint8Array): Float64Array {
  const kept = new Float64Array(values.length);
  let length = 0;
  for (let row = 0; row < values.length; row += 1) {
    const value = values[row] as number;
    if (value === value && open[bucketOf(value, dealing)] === 1) kept[length++] = value;
  }
  return kept.subarray(0, length);
}

/** Undefined when buckets of equal width cannot divide it: nothing, one value, infinities. */
function rangeOf(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
): { least: number; most: number } | undefined {
  let [least, most] = [Infinity, -Infinity];
  for (const values of [first, second]) {
    for (let row = 0; row < values.length; row += 1) {
      const value = values[row] as number;
      if (value < least) least = value;
      if (value > most) most = value;
    }
  }
  const range = most - least;
  return range > 0 && Number.isFinite(range) && Number.isFinite(4_294_967_295 / range)
    ? { least, most }
    : undefined;
}

const sumOf = (counts: Uint32Array): number => counts.reduce((sum, count) => sum + count, 0);
