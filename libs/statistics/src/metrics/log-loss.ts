import { areLabelledProbabilities } from '../samples/paired-samples.js';

/**
 * Mean negative log-likelihood of the labels in nats. Probabilities are kept `Number.EPSILON` away from 0 and 1, as
 * scikit-learn does for float64, so that one certain mistake costs 36 and not infinity. Undefined without rows or with
 * a value that is not finite; one outside [0, 1] throws.
 */
export function logLoss(labels: ArrayLike<number>, probabilities: ArrayLike<number>): number | undefined {
  if (!areLabelledProbabilities(labels, probabilities)) return undefined;
  let sum = 0;
  for (let row = 0; row < labels.length; row += 1) {
    const probability = Math.min(1 - Number.EPSILON, Math.max(Number.EPSILON, probabilities[row] as number));
    sum -= labels[row] === 1 ? Math.log(probability) : Math.log1p(-probability);
  }
  return sum / labels.length;
}
