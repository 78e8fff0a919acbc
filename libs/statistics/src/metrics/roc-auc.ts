import { splitByLabel } from './split-by-label.js';

/**
 * The chance that a positive row scores above a negative one, ties counted half: area under the ROC curve.
 *
 * Undefined when one of the two labels does not occur (scikit-learn warns and answers NaN) or a value is not finite.
 *
 *   AUC = (pairs in order + pairs tied / 2) / (positives * negatives)
 *
 * @see Hanley & McNeil (1982), The meaning and use of the area under a ROC curve
 */
export function rocAuc(labels: ArrayLike<number>, scores: ArrayLike<number>): number | undefined {
  const sides = splitByLabel(labels, scores);
  if (!sides) return undefined;
  const { positive, negative } = sides;
  if (positive.length === 0 || negative.length === 0) return undefined;
  let [below, upTo, doubledPairs] = [0, 0, 0];
  for (let row = 0; row < positive.length; row += 1) {
    const score = positive[row] as number;
    while (below < negative.length && (negative[below] as number) < score) below += 1;
    if (upTo < below) upTo = below;
    while (upTo < negative.length && negative[upTo] === score) upTo += 1;
    doubledPairs += below + upTo;
  }
  return doubledPairs / (2 * positive.length * negative.length);
}
