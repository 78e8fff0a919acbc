import { type EvaluateOptions } from './evaluate-binary.js';
import { assertProbability } from '../samples/paired-samples.js';
import { sortValues } from '../samples/sort-values.js';

/** Expected counts of a confusion matrix and what follows from them; undefined where it is not defined. */
export interface EstimatedPerformance {
  readonly accuracy: number;
  readonly precision: number | undefined;
  readonly recall: number | undefined;
  readonly f1: number | undefined;
  /** Undefined when all probabilities are 0 or all are 1. */
  readonly rocAuc: number | undefined;
  /** Of the mistakes that are to be expected, per row, false positives 10 and false negatives 100 unless said otherwise. */
  readonly costPerPrediction: number;
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
  { threshold = 0.5, falsePositive = 10, falseNegative = 100 }: EvaluateOptions = {},
): EstimatedPerformance | undefined {
  let [truePositives, falsePositives, falseNegatives, trueNegatives] = [0, 0, 0, 0];
  for (let row = 0; row < probabilities.length; row += 1) {
    const given = probabilities[row] as number;
    if (!Number.isFinite(given)) return undefined;
    assertProbability(given, row);
    const probability = Math.min(1, Math.max(0, given));
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
    rocAuc: expectedAuc(probabilities),
    costPerPrediction:
      (falsePositives * falsePositive + falseNegatives * falseNegative) / probabilities.length,
  };
}

/** Each row is a positive one of weight p and a negative one of weight 1 - p; ties, its own included, count half. */
function expectedAuc(probabilities: ArrayLike<number>): number | undefined {
  const sorted = sortValues(probabilities);
  let [positives, negatives, pairs] = [0, 0, 0];
  for (let start = 0; start < sorted.length;) {
    const probability = sorted[start] as number;
    let end = start;
    while (end < sorted.length && sorted[end] === probability) end += 1;
    const [positive, negative] = [(end - start) * probability, (end - start) * (1 - probability)];
    pairs += positive * (negatives + negative / 2);
    positives += positive;
    negatives += negative;
    start = end;
  }
  return positives > 0 && negatives > 0 ? pairs / (positives * negatives) : undefined;
}
