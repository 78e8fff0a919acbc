import { areLabelled } from './paired-samples.js';
import { rowsByDescendingScore } from './ranking.js';

/**
 * Average precision: the area under the precision-recall curve as a step function, without interpolation.
 *
 * Undefined when no row is positive (scikit-learn answers 0 there) or a value is not finite. Rows of one score enter
 * together, so the result does not depend on their order.
 *
 *   AP = sum over distinct scores of (recall_k - recall_{k-1}) * precision_k
 */
export function prAuc(labels: ArrayLike<number>, scores: ArrayLike<number>): number | undefined {
  if (!areLabelled(labels, scores)) return undefined;
  const rows = rowsByDescendingScore(scores);
  let positives = 0;
  let area = 0;
  for (let start = 0; start < rows.length;) {
    const score = scores[rows[start] as number];
    let gained = 0;
    let end = start;
    for (; end < rows.length && scores[rows[end] as number] === score; end += 1) {
      if (labels[rows[end] as number] === 1) gained += 1;
    }
    positives += gained;
    area += gained * (positives / end);
    start = end;
  }
  return positives > 0 ? area / positives : undefined;
}
