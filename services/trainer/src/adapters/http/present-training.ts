import {
  type StepRecord,
  type Training,
  type TrainingProgress,
} from '../../application/training-repository.js';
import { type TrainingFailure } from '../../domain/training.js';

export interface PresentedTraining {
  readonly trainingId: string;
  readonly modelName: string;
  readonly state: string;
  readonly reason: string;
  readonly requestedBy: string;
  readonly planVersion: string;
  readonly requestedAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly cancelRequested: boolean;
  readonly attempts: number;
  readonly nextAttemptAt: string | null;
  /** Rounds of boosting while it trains. */
  readonly progress: TrainingProgress | null;
  readonly validated: boolean | null;
  readonly failure: TrainingFailure | null;
  readonly steps?: readonly PresentedStep[];
}

interface PresentedStep {
  readonly name: string;
  readonly state: string;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly result: unknown;
}

export function presentTraining(training: Training, steps?: readonly StepRecord[]): PresentedTraining {
  return {
    trainingId: training.id,
    modelName: training.modelName,
    state: training.state,
    reason: training.reason,
    requestedBy: training.requestedBy,
    planVersion: training.plan.version,
    requestedAt: training.requestedAt.toISOString(),
    startedAt: training.startedAt?.toISOString() ?? null,
    finishedAt: training.finishedAt?.toISOString() ?? null,
    cancelRequested: training.cancelRequested,
    attempts: training.attempts,
    nextAttemptAt: training.attempts > 0 ? training.nextAttemptAt.toISOString() : null,
    progress: training.progress ?? null,
    validated: training.validated ?? null,
    failure: training.failure ?? null,
    ...(steps && {
      steps: steps.map((step) => ({
        name: step.name,
        state: step.state,
        startedAt: step.startedAt.toISOString(),
        finishedAt: step.finishedAt?.toISOString() ?? null,
        result: step.result ?? null,
      })),
    }),
  };
}
