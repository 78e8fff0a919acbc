/**
 * The buckets of a DDSketch: a value falls into the bucket whose border it does not exceed, borders grow by a constant
 * factor, so that a bucket's representative is within 1 % of every value in it. Values of less than 1e-9 in magnitude
 * are 0, and what lies within 1 % of the largest double may be represented by infinity. Buckets of negative values
 * mirror those of positive ones, and keys ascend with the values:
 *
 *     key(x) = ceil(log(x) / log(gamma)) + offset,  gamma = (1 + accuracy) / (1 - accuracy),  key(-x) = -key(x)
 *
 * A quantile q of n samples is the representative of the sample of rank floor(q (n - 1)) in ascending order, as in
 * DDSketch; that is pandas' `interpolation='lower'` within 1 %.
 *
 * @see Masson, Rim & Lee, DDSketch: a fast and fully-mergeable quantile sketch with relative-error guarantees, 2019.
 */
export const quantileAccuracy = 0.01;
export const minMagnitude = 1e-9;
const gamma = (1 + quantileAccuracy) / (1 - quantileAccuracy);
export const logGamma = Math.log(gamma);
/** From a bucket's upper border to its representative, 2 gamma^key / (gamma + 1). */
export const logHalfStep = Math.log((gamma + 1) / 2);
/** Makes the key of the smallest magnitude 1. */
export const keyOffset = 1 - Math.ceil(Math.log(minMagnitude) / logGamma);

export function quantileKey(value: number): number {
  const magnitude = Math.abs(value);
  if (magnitude < minMagnitude) return 0;
  const key = Math.ceil(Math.log(magnitude) / logGamma) + keyOffset;
  return value < 0 ? -key : key;
}

export function quantileValue(key: number): number {
  if (key === 0) return 0;
  const magnitude = Math.exp((Math.abs(key) - keyOffset) * logGamma - logHalfStep);
  return key < 0 ? -magnitude : magnitude;
}
