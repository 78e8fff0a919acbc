import { InvalidSampleError } from './invalid-sample-error.js';

/**
 * Whether two columns of equal length hold at least `minPairs` pairs, all finite. A metric over them is defined only then.
 * Columns of different lengths throw.
 */
export function areFinitePairs(first: ArrayLike<number>, second: ArrayLike<number>, minPairs = 1): boolean {
  if (first.length !== second.length) {
    throw new InvalidSampleError(
      `Paired samples differ in length: ${first.length} and ${second.length}; pass one value of each for every row`,
    );
  }
  if (first.length < minPairs) return false;
  for (let row = 0; row < first.length; row += 1) {
    if (!Number.isFinite(first[row]) || !Number.isFinite(second[row])) return false;
  }
  return true;
}

/** Like `areLabelledScores`, for scores that must be probabilities: a score outside [0, 1] throws. */
export function areLabelledProbabilities(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
): boolean {
  if (!areLabelledScores(labels, probabilities)) return false;
  for (let row = 0; row < probabilities.length; row += 1) {
    assertProbability(probabilities[row] as number, row);
  }
  return true;
}

/** A weighted mean of float32 probabilities may exceed [0, 1] by rounding. */
export const PROBABILITY_SLACK = 1e-6;

/** Throws unless the value is a probability. */
export function assertProbability(value: number, row: number): void {
  if (!(value >= -PROBABILITY_SLACK && value <= 1 + PROBABILITY_SLACK)) {
    throw new InvalidSampleError(
      `Row ${row} holds ${value}, which is not a probability; pass calibrated scores`,
    );
  }
}

/** Like `areFinitePairs`, for labels: any finite label other than 0 and 1 throws. */
export function areLabelledScores(labels: ArrayLike<number>, scores: ArrayLike<number>): boolean {
  if (!areFinitePairs(labels, scores)) return false;
  for (let row = 0; row < labels.length; row += 1) {
    const label = labels[row];
    if (label !== 0 && label !== 1) {
      throw new InvalidSampleError(`Label ${String(label)} in row ${row} is neither 0 nor 1`);
    }
  }
  return true;
}
