/** Between which values the largest distance of two distributions lies, when only counts in common buckets are known. */
export interface GapBounds {
  /** The largest distance at the borders of the buckets. */
  readonly least: number;
  /** No arrangement of the rows inside their buckets has a larger one. */
  readonly most: number;
}

/**
 * Bounds the largest distance |F1(x) - F2(x)| of two samples of which the counts in the same buckets, in ascending order,
 * are known. At the borders the distributions are known exactly. Inside a bucket with the shares p and q the difference
 * starts at d and stays within [d - q, d + p], whatever the order of its rows; where one side has no row, it is
 * monotone and its largest value is at a border. A bucket that holds one value only (`isPoint`) has no inside.
 *
 * Undefined when a side has no rows.
 */
export function gapOfCounts(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  isPoint: (bucket: number) => boolean = () => false,
): GapBounds | undefined {
  const rows = [sumOf(first), sumOf(second)] as const;
  if (rows[0] === 0 || rows[1] === 0) return undefined;
  let [i, j, least, most] = [0, 0, 0, 0];
  for (let bucket = 0; bucket < first.length; bucket += 1) {
    const [x, y] = [first[bucket] as number, second[bucket] as number];
    const before = i / rows[0] - j / rows[1];
    if (x > 0 && y > 0 && !isPoint(bucket)) most = Math.max(most, before + x / rows[0], y / rows[1] - before);
    i += x;
    j += y;
    least = Math.max(least, Math.abs(i / rows[0] - j / rows[1]));
  }
  return { least, most: Math.min(1, Math.max(least, most)) };
}

function sumOf(counts: ArrayLike<number>): number {
  let sum = 0;
  for (let bucket = 0; bucket < counts.length; bucket += 1) sum += counts[bucket] as number;
  return sum;
}
