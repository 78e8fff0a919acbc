import { type FrozenHistogram, haveSameBins } from './frozen-histogram.js';
import { InvalidSampleError } from '../samples/invalid-sample-error.js';

/**
 * The shares of two histograms over the same borders, missing rows left out (they are a question of data quality, not
 * of shape). Undefined when one of them holds no value; different borders throw.
 */
export function toComparableShares(
  reference: FrozenHistogram,
  current: FrozenHistogram,
): { readonly reference: Float64Array; readonly current: Float64Array } | undefined {
  if (!haveSameBins(reference, current)) {
    throw new InvalidSampleError(
      'Histograms over different borders cannot be compared; count into the reference',
    );
  }
  const referenceShares = toShares(reference.counts);
  const currentShares = toShares(current.counts);
  return referenceShares && currentShares && { reference: referenceShares, current: currentShares };
}

function toShares(counts: readonly number[]): Float64Array | undefined {
  const rows = counts.reduce((sum, count) => sum + count, 0);
  return rows > 0 ? Float64Array.from(counts, (count) => count / rows) : undefined;
}
