/** Count, mean and sum of squared deviations of a sample; plain JSON. */
export interface Moments {
  readonly count: number;
  readonly mean: number;
  /** Sum of squared deviations from the mean (M2). */
  readonly squares: number;
}

export const emptyMoments: Moments = { count: 0, mean: 0, squares: 0 };

/**
 * Moments of the finite values of a column. One pass (Welford). Where the squared
 * deviations overflow a double, `squares` is Infinity, never NaN.
 */
export function computeMoments(values: ArrayLike<number>): Moments {
  let [count, mean, squares] = [0, 0, 0];
  for (let row = 0; row < values.length; row += 1) {
    const value = values[row] as number;
    if (!Number.isFinite(value)) continue;
    count += 1;
    const step = value - mean;
    // The difference of two finite values may overflow.
    mean = Number.isFinite(step) ? mean + step / count : mean - mean / count + value / count;
    squares += step * (value - mean);
  }
  return { count, mean, squares };
}

/**
 * Moments of the union of two samples, without the cancellation of sums of squares. Associative and commutative up to rounding.
 *
 *   mean = mean1 + d n2 / n,  M2 = M2_1 + M2_2 + d^2 n1 n2 / n,  d = mean2 - mean1
 *
 * @see Chan, Golub & LeVeque (1983), Algorithms for computing the sample variance
 */
export function mergeMoments(first: Moments, second: Moments): Moments {
  if (first.count === 0) return second;
  if (second.count === 0) return first;
  const count = first.count + second.count;
  const distance = second.mean - first.mean;
  return {
    count,
    mean: Number.isFinite(distance)
      ? first.mean + distance * (second.count / count)
      : first.mean * (first.count / count) + second.mean * (second.count / count),
    squares: first.squares + second.squares + (distance * distance * first.count * second.count) / count,
  };
}

/** Sample variance, M2 / (n - 1). Undefined below two values. */
export function sampleVariance({ count, squares }: Moments): number | undefined {
  return count > 1 ? squares / (count - 1) : undefined;
}
