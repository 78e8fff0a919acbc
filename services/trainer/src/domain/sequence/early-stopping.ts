export interface EarlyStoppingPolicy {
  /** Epochs without an improvement after which training ends. */
  readonly patience: number;
  /** A score counts as better when it is lower by more than this. */
  readonly minDelta: number;
}

/** Plain data, so that a checkpoint can keep it. */
export interface EarlyStopping {
  readonly best: { readonly epoch: number; readonly score: number } | undefined;
  /** Epochs since the best one. */
  readonly waited: number;
}

export interface EpochVerdict {
  readonly state: EarlyStopping;
  /** The weights of this epoch are the ones to keep. */
  readonly improved: boolean;
  readonly stop: boolean;
}

export const nothingSeen: EarlyStopping = { best: undefined, waited: 0 };

/**
 * Decides after an epoch whether it is the best one so far (lower score is better) and whether to go on. The first epoch
 * is always the best so far. A score that is not a number is never an improvement: it counts as waiting.
 */
export function judgeEpoch(
  { best, waited }: EarlyStopping,
  epoch: number,
  score: number,
  { patience, minDelta }: EarlyStoppingPolicy,
): EpochVerdict {
  const improved = best === undefined ? !Number.isNaN(score) : score < best.score - minDelta;
  if (improved) return { state: { best: { epoch, score }, waited: 0 }, improved, stop: false };
  return { state: { best, waited: waited + 1 }, improved, stop: waited + 1 >= patience };
}
