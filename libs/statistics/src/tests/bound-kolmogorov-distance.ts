/** Bounds of the Kolmogorov distance of two samples of which only counts in common buckets are known. */
export interface DistanceBounds {
  /** The maximum distance at the borders of the buckets. */
  readonly lower: number;
  /** No arrangement of the rows inside their buckets has a larger distance. */
  readonly upper: number;
}

/**
 * Bounds max |F1(x) - F2(x)| of two samples from their counts in the same buckets, in ascending order. At the borders the
 * distributions are known exactly. Inside a bucket with the shares p and q the difference starts at d and stays within
 * [d - q, d + p] in any order of its rows. Where one side has no row, it is monotone and its maximum is at a border. A bucket
 * that holds a single value (`isPoint`) has no interior.
 *
 * Undefined when a side has no rows.
 */
export function boundKolmogorovDistance(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  isPoint: (bucket: number) => boolean = () => false,
): DistanceBounds | undefined {
  const rows = [sum(first), sum(second)] as const;
  if (rows[0] === 0 || rows[1] === 0) return undefined;
  let [i, j, lower, upper] = [0, 0, 0, 0];
  for (let bucket = 0; bucket < first.length; bucket += 1) {
    const [x, y] = [first[bucket] as number, second[bucket] as number];
    const before = i / rows[0] - j / rows[1];
    if (x > 0 && y > 0 && !isPoint(bucket)) {
      upper = Math.max(upper, before + x / rows[0], y / rows[1] - before);
    }
    i += x;
    j += y;
    lower = Math.max(lower, Math.abs(i / rows[0] - j / rows[1]));
  }
  return { lower, upper: Math.min(1, Math.max(lower, upper)) };
}

function sum(counts: ArrayLike<number>): number {
  let sum = 0;
  for (let bucket = 0; bucket < counts.length; bucket += 1) sum += counts[bucket] as number;
  return sum;
}
