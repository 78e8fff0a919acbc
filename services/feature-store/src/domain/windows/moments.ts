/**
 * What a set of samples comes down to so that sets can be merged: `m2` is the sum of squared deviations from the mean.
 * An empty set has count 0 and says nothing else.
 */
export interface Moments {
  readonly count: number;
  readonly sum: number;
  readonly mean: number;
  readonly m2: number;
  readonly min: number;
  readonly max: number;
  readonly first: number;
  readonly last: number;
}

export const noMoments: Moments = {
  count: 0,
  sum: 0,
  mean: Number.NaN,
  m2: 0,
  min: Number.POSITIVE_INFINITY,
  max: Number.NEGATIVE_INFINITY,
  first: Number.NaN,
  last: Number.NaN,
};

/** Samples in order of time; NaN is a missing value and is skipped. Welford's recurrence. */
export function momentsOf(samples: Iterable<number>): Moments {
  let moments = noMoments;
  for (const value of samples) {
    if (Number.isNaN(value)) continue;
    moments = mergeMoments(moments, {
      count: 1,
      sum: value,
      mean: value,
      m2: 0,
      min: value,
      max: value,
      first: value,
      last: value,
    });
  }
  return moments;
}

/**
 * The moments of both sets together, `earlier` before `later` in time.
 *
 * @see Chan, Golub & LeVeque, Updating formulae and a pairwise algorithm for computing sample variances, 1979.
 */
export function mergeMoments(earlier: Moments, later: Moments): Moments {
  if (earlier.count === 0) return later;
  if (later.count === 0) return earlier;
  const count = earlier.count + later.count;
  const delta = later.mean - earlier.mean;
  return {
    count,
    sum: earlier.sum + later.sum,
    mean: earlier.mean + (delta * later.count) / count,
    m2: earlier.m2 + later.m2 + (delta * delta * earlier.count * later.count) / count,
    min: Math.min(earlier.min, later.min),
    max: Math.max(earlier.max, later.max),
    first: earlier.first,
    last: later.last,
  };
}

/** Sample standard deviation; NaN of fewer than two samples, and exactly 0 of equal ones. */
export function sampleDeviation(moments: Pick<Moments, 'count' | 'm2' | 'min' | 'max'>): number {
  if (moments.count < 2) return Number.NaN;
  return moments.min === moments.max ? 0 : Math.sqrt(moments.m2 / (moments.count - 1));
}
