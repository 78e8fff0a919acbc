import { InvalidSampleError } from '../samples/invalid-sample-error.js';
import { areLabelledProbabilities } from '../samples/paired-samples.js';

/**
 * Expected calibration error: how far the predicted probability is from how often it happened, averaged over equal-width
 * bins of the probability (default 10), weighted by rows. 0 is calibrated.
 *
 *   ECE = sum over bins of (n_b / n) * |mean probability_b - share of positives_b|
 *
 * Undefined without rows or with a value that is not finite; empty bins weigh nothing; a score
 * outside [0, 1] throws.
 *
 * @see Naeini, Cooper & Hauskrecht (2015), Obtaining well calibrated probabilities using Bayesian binning
 */
export function calibrationError(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  bins = 10,
): number | undefined {
  if (!areLabelledProbabilities(labels, probabilities)) return undefined;
  if (!Number.isInteger(bins) || bins < 1) {
    throw new InvalidSampleError(`The calibration error needs at least 1 bin, got ${bins}`);
  }
  const gap = new Float64Array(bins);
  for (let row = 0; row < labels.length; row += 1) {
    const probability = probabilities[row] as number;
    const bin = Math.min(bins - 1, Math.max(0, Math.floor(probability * bins)));
    gap[bin] = (gap[bin] as number) + probability - (labels[row] as number);
  }
  return gap.reduce((sum, value) => sum + Math.abs(value), 0) / labels.length;
}
