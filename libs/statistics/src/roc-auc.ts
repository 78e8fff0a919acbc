import { areLabelled } from './paired-samples.js';
import { rowsByDescendingScore } from './ranking.js';

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
  if (!areLabelled(labels, scores)) return undefined;
  const rows = rowsByDescendingScore(scores);
  let positivesAbove = 0;
  let negatives = 0;
  let doubledPairs = 0;
  for (let start = 0; start < rows.length;) {
    const score = scores[rows[start] as number];
    let [tiedPositives, tiedNegatives] = [0, 0];
    let end = start;
    for (; end < rows.length && scores[rows[end] as number] === score; end += 1) {
      if (labels[rows[end] as number] === 1) tiedPositives += 1;
      else tiedNegatives += 1;
    }
    doubledPairs += tiedNegatives * (2 * positivesAbove + tiedPositives);
    positivesAbove += tiedPositives;
    negatives += tiedNegatives;
    start = end;
  }
  if (positivesAbove === 0 || negatives === 0) return undefined;
  return doubledPairs / (2 * positivesAbove * negatives);
}
