/** How wide the kernels of `fitParzen` are. */
export interface Bandwidth {
  /** Sigma as a multiple of the gap to the neighbour. */
  readonly factorOfGap: number;
  /** The least sigma as a share of the parameter's range. */
  readonly minShare: number;
}

/**
 * The width of the kernels around good points, which decides how near to them the next ones are tried.
 *
 * A tenth of the trials is good. After a hundred, ten points: with 1 / (points + 2) of the range as the least sigma, as
 * others have it, each would be spread by 8 % of the range, and the search stayed coarse for as long as anybody pays for
 * it. So theirs is 0.6 * (points + 2)^-1.3 of the range (1 point 14 %, 3 points 7 %, 10 points 2.4 %, 25 points 0.8 %):
 * narrower from the beginning, and narrowing faster than points come.
 *
 * For `factorOfGap` see `bandwidthOfOthers`.
 *
 * Rule and constants were tuned on twelve functions, and twelve others decided between the finalists: twice the width
 * gains half as much on them, a third of it loses. The service's README has the table of what else was tried.
 *
 * @see Watanabe (2023), Tree-structured Parzen estimator: understanding its algorithm components (least bandwidth and
 *   its exponent as control parameters)
 */
export function bandwidthOfGood(points: number, numbers: number): Bandwidth {
  return { ...bandwidthOfOthers(points, numbers), minShare: 0.6 * (points + 2) ** -1.3 };
}

/**
 * The width of the kernels around all other points: at least 1 / min(100, points + 2) of the range.
 *
 * `numbers` are the numeric parameters that one kernel spans. A gap in one parameter does not know of the others, but
 * a draw moves in all of them and so goes sqrt(numbers) times as far: numbers^(-1/4) takes half of that (on a scale of
 * powers) back. With one number the rule is that of Optuna 5.
 */
export function bandwidthOfOthers(points: number, numbers: number): Bandwidth {
  return { factorOfGap: Math.max(1, numbers) ** -0.25, minShare: 1 / Math.min(100, points + 2) };
}
