import { areLabelledProbabilities } from '../samples/paired-samples.js';

/** Mean squared distance between probability and label, 0 (perfect) to 1. Undefined without rows or with a value that is not finite. */
export function brierScore(labels: ArrayLike<number>, probabilities: ArrayLike<number>): number | undefined {
  if (!areLabelledProbabilities(labels, probabilities)) return undefined;
  let sum = 0;
  for (let row = 0; row < labels.length; row += 1) {
    sum += ((probabilities[row] as number) - (labels[row] as number)) ** 2;
  }
  return sum / labels.length;
}
