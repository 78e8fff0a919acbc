/** Worse than the median of the others at the same step; see `judgeByMedian`. */
export interface MedianPrunerOptions {
  readonly kind: 'median';
  /** Complete trials needed before anything is pruned. Default 5. */
  readonly startupTrials?: number;
  /** Steps of a trial in which it is left alone. Default 0. */
  readonly warmupSteps?: number;
  /** Steps from one judgement to the next. Default 1. */
  readonly intervalSteps?: number;
  /** Trials that must have reported the step. Default 1. */
  readonly minTrials?: number;
}

/** Asynchronous successive halving; see `judgeBySuccessiveHalving`. */
export interface SuccessiveHalvingOptions {
  readonly kind: 'successive-halving';
  /** Steps before the first rung. Default 1. */
  readonly minResource?: number;
  /** One in so many goes on. Default 4. */
  readonly reductionFactor?: number;
  /** The first rung is moved up by so many. Default 0. */
  readonly minEarlyStoppingRate?: number;
  /** Trials that a rung must have seen before one goes on. Default 0. */
  readonly bootstrapCount?: number;
}

/** Several successive halvings, from impatient to patient; see `hyperbandBracketOf`. */
export interface HyperbandOptions {
  readonly kind: 'hyperband';
  /** Default 1. */
  readonly minResource?: number;
  /** The steps of a trial that runs to its end. */
  readonly maxResource: number;
  /** Default 3. */
  readonly reductionFactor?: number;
  /** Default 0. */
  readonly bootstrapCount?: number;
}

/** Worse than the best trial on the same steps, by a signed-rank test; see `judgeByWilcoxon`. */
export interface WilcoxonPrunerOptions {
  readonly kind: 'wilcoxon';
  /** Default 0.1. */
  readonly pThreshold?: number;
  /** Pairs needed before anything is pruned; never less than 2. Default 2. */
  readonly startupSteps?: number;
}

export type PrunerOptions =
  | { readonly kind: 'none' }
  | MedianPrunerOptions
  | SuccessiveHalvingOptions
  | HyperbandOptions
  | WilcoxonPrunerOptions;
