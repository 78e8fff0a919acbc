import { InvalidSampleError } from './invalid-sample-error.js';

/**
 * True when two columns of one length hold at least `atLeast` pairs, all finite: only then is a metric over them defined.
 * Columns of different length are a fault of the caller and throw.
 */
export function arePairs(first: ArrayLike<number>, second: ArrayLike<number>, atLeast = 1): boolean {
  if (first.length !== second.length) {
    throw new InvalidSampleError(
      `Paired samples differ in length: ${first.length} and ${second.length}; pass one value of each for every row`,
    );
  }
  if (first.length < atLeast) return false;
  for (let row = 0; row < first.length; row += 1) {
    if (!Number.isFinite(first[row]) || !Number.isFinite(second[row])) return false;
  }
  return true;
}

/** As `areLabelled`, for scores that must be probabilities: one outside [0, 1] throws. */
export function arePredicted(labels: ArrayLike<number>, probabilities: ArrayLike<number>): boolean {
  if (!areLabelled(labels, probabilities)) return false;
  for (let row = 0; row < probabilities.length; row += 1) {
    assertProbability(probabilities[row] as number, row);
  }
  return true;
}

/** A weighted mean of float32 probabilities may leave [0, 1] by its rounding. */
export const PROBABILITY_SLACK = 1e-6;

/** Throws unless the value is a probability. */
export function assertProbability(value: number, row: number): void {
  if (!(value >= -PROBABILITY_SLACK && value <= 1 + PROBABILITY_SLACK)) {
    throw new InvalidSampleError(
      `Row ${row} holds ${value}, which is no probability; pass calibrated scores`,
    );
  }
}

/** As `arePairs`, for labels: each must be 0 or 1, anything else finite throws. */
export function areLabelled(labels: ArrayLike<number>, scores: ArrayLike<number>): boolean {
  if (!arePairs(labels, scores)) return false;
  for (let row = 0; row < labels.length; row += 1) {
    const label = labels[row];
    if (label !== 0 && label !== 1) {
      throw new InvalidSampleError(`Label ${String(label)} in row ${row} is neither 0 nor 1`);
    }
  }
  return true;
}
