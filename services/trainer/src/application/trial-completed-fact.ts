import { TrialCompleted } from '@headrace/contracts';
import { deterministicId } from '@headrace/kernel';
import { pending, type PendingFact } from '@headrace/messaging';
import { type EndedTrial } from '../domain/search/trial.js';
import { type Training } from './training-repository.js';

/** The fact that a trial has ended. Only a complete one has an objective: what a pruned one reported is not its result. */
export function trialCompletedFact(training: Training, trial: EndedTrial, at: Date): PendingFact {
  const { number, state, parameters } = trial;
  const [value] = trial.state === 'complete' ? trial.values : [];
  return pending(TrialCompleted, {
    id: deterministicId(training.id, 'trial-completed', String(number)),
    time: at,
    payload: {
      trainingId: training.id,
      trial: number,
      state,
      parameters,
      // JSON has no infinity.
      objective: value === undefined || !Number.isFinite(value) ? null : value,
    },
    causationIds: [training.requestFactId],
  });
}
