import { type BoostingRequest } from '../gradient-booster.js';
import { type StepResult } from '../step-results.js';
import { type TrainingPlan } from '../training-plan.js';
import { type TrainingSet } from '../training-sets.js';
import { labelledRowsOf } from './labelled-rows-of.js';

/** What a plan asks of the booster: learn from the first part of the set, let the second decide when to stop. */
export function boostingRequest(
  plan: TrainingPlan,
  set: TrainingSet,
  split: StepResult<'split'>,
): BoostingRequest {
  return {
    parameters: plan.parameters,
    rounds: plan.rounds,
    ...(plan.earlyStoppingRounds !== undefined && { earlyStoppingRounds: plan.earlyStoppingRounds }),
    featureNames: set.featureNames,
    train: labelledRowsOf(set, split.train),
    validation: labelledRowsOf(set, split.validation),
  };
}
