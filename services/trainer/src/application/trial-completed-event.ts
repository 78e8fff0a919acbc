import { TrialCompleted } from '@headrace/contracts';
import { deterministicId, finiteOrNull } from '@headrace/kernel';
import { eventOf, type PendingEvent } from '@headrace/messaging';
import { type EndedTrial } from '../domain/search/study/trial.js';
import { type TrainingRun } from './training-run.js';

export interface TrialCircumstances {
  /** Of the rounds' scores, the one that trials are compared by. */
  readonly metric: string;
  readonly startedAt: Date;
  readonly finishedAt: Date;
}

/** The fact that a trial has ended. Only a complete one has an objective: what a pruned one reported is not its result. */
export function trialCompletedEvent(
  { training, runId }: TrainingRun,
  trial: EndedTrial,
  { metric, startedAt, finishedAt }: TrialCircumstances,
): PendingEvent {
  const { number, state, parameters } = trial;
  const [value] = trial.state === 'complete' ? trial.values : [];
  return eventOf(TrialCompleted, {
    id: deterministicId(training.id, 'trial-completed', String(number)),
    time: finishedAt,
    payload: {
      trainingId: training.id,
      trial: number,
      state,
      parameters,
      objective: finiteOrNull(value),
      modelName: training.modelName,
      runId,
      metric,
      ...(trial.state === 'failed' && { reason: trial.reason }),
      startedAt: startedAt.toISOString(),
      finishedAt: finishedAt.toISOString(),
    },
    causationIds: [training.requestFactId],
  });
}
