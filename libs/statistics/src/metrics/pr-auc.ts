import { splitByLabel } from './split-by-label.js';

/**
 * Average precision: the area under the precision-recall curve as a step function, without interpolation.
 *
 * Undefined when no row is positive (scikit-learn answers 0 there) or a value is not finite. Rows of one score enter
 * together, so the result does not depend on their order.
 *
 *   AP = sum over distinct scores of (recall_k - recall_{k-1}) * precision_k
 */
export function prAuc(labels: ArrayLike<number>, scores: ArrayLike<number>): number | undefined {
  const sides = splitByLabel(labels, scores);
  if (!sides) return undefined;
  const { positive, negative } = sides;
  let [positives, negatives, area] = [0, 0, 0];
  for (let row = positive.length - 1; row >= 0;) {
    const score = positive[row] as number;
    let gained = 0;
    for (; row >= 0 && positive[row] === score; row -= 1) gained += 1;
    while (negatives < negative.length && (negative[negative.length - 1 - negatives] as number) >= score) {
      negatives += 1;
    }
    positives += gained;
    area += gained * (positives / (positives + negatives));
  }
  return positives > 0 ? area / positives : undefined;
}
