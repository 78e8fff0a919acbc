import { computeMoments } from '../samples/moments.js';
import { sortValues } from '../samples/sort-values.js';

/**
 * First Wasserstein (earth mover's) distance of two samples: how far a unit of rows has to travel on average, in the
 * column's own unit.
 *
 *   W = integral of |F1(x) - F2(x)| dx
 *
 * Undefined when a side has no value or an infinite one. Two equal constants have distance 0.
 */
export function wassersteinDistance(first: ArrayLike<number>, second: ArrayLike<number>): number | undefined {
  const [x, y] = [sortValues(first), sortValues(second)];
  const [n, m] = [x.length, y.length];
  if (n === 0 || m === 0) return undefined;
  let [i, j, distance] = [0, 0, 0];
  let previous = Math.min(x[0] as number, y[0] as number);
  while (i < n || j < m) {
    const value = Math.min(i < n ? (x[i] as number) : Infinity, j < m ? (y[j] as number) : Infinity);
    distance += Math.abs(i / n - j / m) * (value - previous);
    while (i < n && x[i] === value) i += 1;
    while (j < m && y[j] === value) j += 1;
    previous = value;
  }
  return Number.isFinite(distance) ? distance : undefined;
}

/**
 * Wasserstein distance in standard deviations of the reference: comparable between columns, 0.1 is a common threshold.
 * Undefined when the reference does not vary, because then there is no unit to measure with.
 */
export function normalizedWasserstein(
  reference: ArrayLike<number>,
  current: ArrayLike<number>,
): number | undefined {
  const distance = wassersteinDistance(reference, current);
  if (distance === undefined) return undefined;
  const { count, squares } = computeMoments(reference);
  const deviation = Math.sqrt(squares / count);
  return deviation > 0 && Number.isFinite(deviation) ? distance / deviation : undefined;
}
