export interface FirstModelPolicy {
  readonly rows: number;
  readonly positives: number;
  /** After a training that gave no valid model: wait until there are so many times the rows that it had. */
  readonly growth: number;
}

export interface FirstModelFacts {
  readonly rows: number;
  readonly positives: number;
  /** Rows of the largest set that was tried without success. */
  readonly triedRows: number | undefined;
}

export type FirstModelDecision =
  | { readonly outcome: 'train' }
  | { readonly outcome: 'wait'; readonly reason: 'too-few-rows' | 'too-few-positives' | 'tried-already' };

/** Is there enough to learn the first model from? A failed attempt is repeated only with clearly more data. */
export function firstModelDue(facts: FirstModelFacts, policy: FirstModelPolicy): FirstModelDecision {
  if (facts.rows < policy.rows) return { outcome: 'wait', reason: 'too-few-rows' };
  if (facts.positives < policy.positives) return { outcome: 'wait', reason: 'too-few-positives' };
  if (facts.triedRows !== undefined && facts.rows < facts.triedRows * policy.growth) {
    return { outcome: 'wait', reason: 'tried-already' };
  }
  return { outcome: 'train' };
}
