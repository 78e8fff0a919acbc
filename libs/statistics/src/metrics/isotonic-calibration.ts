import { splitByLabel } from './split-by-label.js';

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
  const sides = splitByLabel(labels, scores);
  if (!sides) return undefined;
  const { positive, negative } = sides;
  const rows = positive.length + negative.length;
  // Pools in ascending order: from which to which score, how many rows, how many of them positive.
  const [from, to] = [new Float64Array(rows), new Float64Array(rows)];
  const [counts, sums] = [new Float64Array(rows), new Float64Array(rows)];
  let [pools, i, j] = [0, 0, 0];
  while (i < positive.length || j < negative.length) {
    const score = Math.min(
      i < positive.length ? (positive[i] as number) : Infinity,
      j < negative.length ? (negative[j] as number) : Infinity,
    );
    const fromI = i;
    const fromJ = j;
    while (i < positive.length && positive[i] === score) i += 1;
    while (j < negative.length && negative[j] === score) j += 1;
    let start = score;
    let sum = i - fromI;
    let count = i - fromI + (j - fromJ);
    // As long as the pool before is not lower, both become one.
    while (pools > 0 && (sums[pools - 1] as number) * count >= sum * (counts[pools - 1] as number)) {
      pools -= 1;
      start = from[pools] as number;
      sum += sums[pools] as number;
      count += counts[pools] as number;
    }
    from[pools] = start;
    to[pools] = score;
    sums[pools] = sum;
    counts[pools] = count;
    pools += 1;
  }
  return toPoints(from, to, pools, (pool) => (sums[pool] as number) / (counts[pool] as number));
}

/** A pool over several scores is flat between its ends. */
function toPoints(
  from: Float64Array,
  to: Float64Array,
  pools: number,
  shareOf: (pool: number) => number,
): IsotonicCalibration {
  const [scores, probabilities]: [number[], number[]] = [[], []];
  for (let pool = 0; pool < pools; pool += 1) {
    scores.push(from[pool] as number);
    probabilities.push(shareOf(pool));
    if (from[pool] === to[pool]) continue;
    scores.push(to[pool] as number);
    probabilities.push(shareOf(pool));
  }
  return { scores, probabilities };
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
  const width = x1 - x0;
  // The width may overflow where both of its ends do not.
  const share = Number.isFinite(width) ? (score - x0) / width : (score / 2 - x0 / 2) / (x1 / 2 - x0 / 2);
  return y0 + (y1 - y0) * share;
}
