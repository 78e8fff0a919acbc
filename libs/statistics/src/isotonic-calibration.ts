import { areLabelled } from './paired-samples.js';

/** A step-wise linear, never falling map from score to probability; plain JSON. */
export interface IsotonicCalibration {
  readonly scores: readonly number[];
  readonly probabilities: readonly number[];
}

/**
 * Fits the never falling function of the score that is nearest to the labels in squares (pool adjacent violators), as
 * scikit-learn's `IsotonicRegression(out_of_bounds='clip')`. Needs some thousand rows; with fewer use Platt's sigmoid.
 * Undefined without rows or with a value that is not finite.
 *
 * @see Zadrozny & Elkan (2002), Transforming classifier scores into accurate multiclass probability estimates
 */
export function fitIsotonic(
  labels: ArrayLike<number>,
  scores: ArrayLike<number>,
): IsotonicCalibration | undefined {
  if (!areLabelled(labels, scores)) return undefined;
  const rows = Array.from(scores, (score, row) => ({ score, label: labels[row] as number })).sort(
    (first, second) => first.score - second.score,
  );
  const pools: { from: number; to: number; sum: number; count: number }[] = [];
  for (const { score, label } of rows) {
    const last = pools.at(-1);
    if (last?.from === score && last.to === score) {
      last.sum += label;
      last.count += 1;
    } else pools.push({ from: score, to: score, sum: label, count: 1 });
  }
  const merged: typeof pools = [];
  for (const pool of pools) {
    let current = pool;
    for (;;) {
      const before = merged.at(-1);
      if (!before || before.sum / before.count < current.sum / current.count) break;
      merged.pop();
      current = {
        from: before.from,
        to: current.to,
        sum: before.sum + current.sum,
        count: before.count + current.count,
      };
    }
    merged.push(current);
  }
  const points = merged.flatMap(({ from, to, sum, count }) =>
    from === to ? [[from, sum / count] as const] : [[from, sum / count] as const, [to, sum / count] as const],
  );
  return {
    scores: points.map(([score]) => score),
    probabilities: points.map(([, probability]) => probability),
  };
}

/** The calibrated probability of a score: linear between the points, held at the ends. */
export function calibrateIsotonic({ scores, probabilities }: IsotonicCalibration, score: number): number {
  let [low, high] = [0, scores.length - 1];
  if (score <= (scores[low] as number)) return probabilities[low] as number;
  if (score >= (scores[high] as number)) return probabilities[high] as number;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if ((scores[middle] as number) <= score) low = middle;
    else high = middle;
  }
  const [x0, x1] = [scores[low] as number, scores[high] as number];
  const [y0, y1] = [probabilities[low] as number, probabilities[high] as number];
  return y0 + ((y1 - y0) * (score - x0)) / (x1 - x0);
}
