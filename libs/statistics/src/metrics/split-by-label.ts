import { areLabelledScores } from '../samples/paired-samples.js';
import { sortValues } from '../samples/sort-values.js';

/**
 * The scores of the positive and of the negative rows, each ascending: all that a ranking metric needs. Undefined without
 * rows or with a score that is not finite. Sorting two columns of numbers is several times as fast as sorting row numbers.
 */
export function splitByLabel(
  labels: ArrayLike<number>,
  scores: ArrayLike<number>,
): { readonly positive: Float64Array; readonly negative: Float64Array } | undefined {
  if (!areLabelledScores(labels, scores)) return undefined;
  const [positive, negative] = [new Float64Array(labels.length), new Float64Array(labels.length)];
  let [positives, negatives] = [0, 0];
  for (let row = 0; row < labels.length; row += 1) {
    if (labels[row] === 1) positive[positives++] = scores[row] as number;
    else negative[negatives++] = scores[row] as number;
  }
  return {
    positive: sortValues(positive.subarray(0, positives)),
    negative: sortValues(negative.subarray(0, negatives)),
  };
}
