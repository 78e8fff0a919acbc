import { AppError, backoffMs } from '@headrace/kernel';

export const stepNames = [
  'training-set',
  'split',
  'search',
  'train',
  'calibration',
  'onnx',
  'validation',
  'variants',
  'reference',
  'store',
] as const;

/**
 * The steps of a training, in their order; those that a plan does not want are left out. Each stores its result, so that
 * a restart goes on after the last one.
 */
export type StepName = (typeof stepNames)[number];

export type TrainingState = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled';

export interface TrainingFailure {
  readonly step: string;
  readonly code: string;
  readonly message: string;
}

/** How many times a step may fail for a reason that may pass, before the training does. */
export const maxAttempts = 8;

/** Milliseconds until the next attempt: doubling from 1 s to 2 min. */
export function retryDelayMs(attempt: number): number {
  return backoffMs({ firstMs: 1_000, maxMs: 120_000 }, attempt);
}

export function isFinished(state: TrainingState): boolean {
  return state === 'succeeded' || state === 'failed' || state === 'cancelled';
}

/** Whether this can be the id of a training at all; anything else is not asked for in the store. */
export function isTrainingId(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
}

/** Not a failure: somebody asked for it. */
export class TrainingCancelledError extends AppError {
  readonly code = 'TRAINER_TRAINING_CANCELLED';
  readonly kind = 'conflict';
}
