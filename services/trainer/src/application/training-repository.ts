import { type PendingEvent } from '@headrace/messaging';
import { type StepName, type TrainingFailure, type TrainingState } from '../domain/training.js';
import { type PlanSnapshot } from './training-plan.js';

export interface TrainingProgress {
  readonly round: number;
  readonly rounds: number;
  /** Null: the round has no such score. */
  readonly scores: Readonly<Record<string, number | null>>;
  /** While parameters are searched: which of how many trials, from 0. */
  readonly trial?: number;
  readonly trials?: number;
}

export interface Training {
  readonly id: string;
  readonly modelName: string;
  readonly reason: string;
  readonly requestedBy: string;
  readonly state: TrainingState;
  readonly plan: PlanSnapshot;
  /** Id of the fact that says that this was asked for. */
  readonly requestFactId: string;
  readonly requestedAt: Date;
  readonly startedAt: Date | undefined;
  readonly finishedAt: Date | undefined;
  readonly cancelRequested: boolean;
  /** Attempts since a step last succeeded. */
  readonly attempts: number;
  readonly nextAttemptAt: Date;
  readonly progress: TrainingProgress | undefined;
  readonly failure: TrainingFailure | undefined;
  /** Undefined until the gate has judged. */
  readonly validated: boolean | undefined;
  /** Rows of its training set, once that was built. */
  readonly rows: number | undefined;
}

export interface StepRecord {
  readonly name: StepName;
  readonly state: 'running' | 'done';
  readonly startedAt: Date;
  readonly finishedAt: Date | undefined;
  readonly result: unknown;
  /** What a running step would go on from. */
  readonly checkpoint: unknown;
}

export interface TrainingOutcome {
  readonly state: 'succeeded' | 'failed' | 'cancelled';
  readonly at: Date;
  readonly failure?: TrainingFailure;
  readonly validated?: boolean;
  readonly events: readonly PendingEvent[];
}

export type NewTraining = Pick<
  Training,
  'id' | 'modelName' | 'reason' | 'requestedBy' | 'plan' | 'requestFactId' | 'requestedAt'
>;

/**
 * Trainings with the results of their steps. What it must guarantee: at most one training of a model is unfinished; facts
 * leave with the change that they state or not at all; a step's result is stored before the next step begins.
 */
export abstract class TrainingRepository {
  /**
   * Stores a training and its facts. `busy` when the model has an unfinished one; `seen` when this cause (the id of a
   * fact) has had its training already.
   */
  abstract request(
    training: NewTraining,
    facts: readonly PendingEvent[],
    cause?: string,
  ): Promise<
    | { readonly outcome: 'requested' }
    | { readonly outcome: 'seen' }
    | { readonly outcome: 'busy'; readonly by: string }
  >;
  abstract find(id: string): Promise<Training | undefined>;
  /** Newest first. */
  abstract list(modelName: string | undefined, limit: number): Promise<readonly Training[]>;
  abstract steps(id: string): Promise<readonly StepRecord[]>;
  /** Unfinished trainings whose next attempt is due, oldest first. */
  abstract due(now: Date): Promise<readonly Training[]>;
  abstract begin(id: string, now: Date): Promise<void>;
  abstract beginStep(id: string, step: StepName, now: Date): Promise<void>;
  /**
   * Stores what a running step goes on from after a kill, together with the facts that have become true, and answers
   * whether somebody asked for the end. The next one replaces it; beginning the step again does not, its end does.
   */
  abstract checkpoint(
    id: string,
    step: StepName,
    checkpoint: unknown,
    facts: readonly PendingEvent[],
  ): Promise<{ readonly cancelRequested: boolean }>;
  abstract endStep(id: string, step: StepName, result: unknown, now: Date): Promise<void>;
  /** Stores progress and answers whether somebody asked for the end. */
  abstract progress(id: string, progress: TrainingProgress): Promise<{ readonly cancelRequested: boolean }>;
  abstract retryLater(id: string, attempts: number, at: Date): Promise<void>;
  /** Remembers the wish; false when the training is finished or does not exist. */
  abstract requestCancel(id: string): Promise<boolean>;
  abstract finish(id: string, outcome: TrainingOutcome): Promise<void>;
  /** Undefined: no training of this model ever built a set and ended without a valid model. */
  abstract findMaxFailedRows(modelName: string): Promise<number | undefined>;
  abstract hasValidModel(modelName: string): Promise<boolean>;
  /** Runs `work` unless another process works on this training; false when one does. */
  abstract exclusively(id: string, work: () => Promise<void>): Promise<boolean>;
}
