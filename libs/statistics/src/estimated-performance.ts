import { InvalidSampleError } from './invalid-sample-error.js';

/** Expected counts of a confusion matrix and what follows from them; undefined where it is not defined. */
export interface EstimatedPerformance {
  readonly accuracy: number;
  readonly precision: number | undefined;
  readonly recall: number | undefined;
  readonly f1: number | undefined;
}

/**
 * Confidence-based performance estimation (CBPE): how good a classifier probably is before any label is known. Each
 * probability p is right with chance p when predicted positive and 1 - p otherwise; the expected counts add up.
 *
 * Holds as far as the probabilities are calibrated and only the inputs have shifted: when the meaning of the inputs has
 * changed, only labels tell. Undefined without rows or with a value that is not finite; a value outside [0, 1] throws.
 *
 * @see NannyML, Estimation of performance of binary classification
 */
export function estimatePerformance(
  probabilities: ArrayLike<number>,
  threshold = 0.5,
): EstimatedPerformance | undefined {
  let [truePositives, falsePositives, falseNegatives, trueNegatives] = [0, 0, 0, 0];
  for (let row = 0; row < probabilities.length; row += 1) {
    const probability = probabilities[row] as number;
    if (!Number.isFinite(probability)) return undefined;
    if (probability < 0 || probability > 1) {
      throw new InvalidSampleError(`Row ${row} holds ${probability}, which is no probability`);
    }
    if (probability > threshold) {
      truePositives += probability;
      falsePositives += 1 - probability;
    } else {
      falseNegatives += probability;
      trueNegatives += 1 - probability;
    }
  }
  if (probabilities.length === 0) return undefined;
  const share = (part: number, whole: number): number | undefined => (whole > 0 ? part / whole : undefined);
  return {
    accuracy: (truePositives + trueNegatives) / probabilities.length,
    precision: share(truePositives, truePositives + falsePositives),
    recall: share(truePositives, truePositives + falseNegatives),
    f1: share(2 * truePositives, 2 * truePositives + falsePositives + falseNegatives),
  };
}
