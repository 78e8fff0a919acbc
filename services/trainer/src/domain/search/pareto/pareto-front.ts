import { nonDominationRanks } from './non-domination-ranks.js';
import { completeTrials, type Study } from '../study/study.js';
import { lossOf, type CompleteTrial } from '../study/trial.js';

/** The complete trials that no other beats in every objective, by number; equal ones are all in it. */
export function paretoFront(study: Study): readonly CompleteTrial[] {
  const trials = completeTrials(study);
  const losses = trials.map((trial) =>
    trial.values.map((value, index) => lossOf(value, study.directions[index])),
  );
  const ranks = nonDominationRanks(losses, 1);
  return trials.filter((_, index) => ranks[index] === 0);
}
