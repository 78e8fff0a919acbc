import { AppError } from '@headrace/kernel';
import { Injectable } from '@nestjs/common';
import { isFinished } from '../domain/training.js';
import { TrainingRepository } from './training-repository.js';
import { WorkOffTrainings } from './work-off-trainings.js';
import { TrainingQueue } from './training-queue.js';

export class TrainingNotFoundError extends AppError {
  readonly code = 'TRAINER_TRAINING_NOT_FOUND';
  readonly kind = 'not-found';

  constructor(id: string) {
    super(`There is no training ${JSON.stringify(id)}; GET /v1/trainings lists them`);
  }
}

export class TrainingFinishedError extends AppError {
  readonly code = 'TRAINER_TRAINING_FINISHED';
  readonly kind = 'conflict';

  constructor(id: string, state: string) {
    super(`Training ${id} has ended as ${state}`);
  }
}

/** Ends a training between two rounds or steps; one that has not begun ends at its turn. */
@Injectable()
export class CancelTraining {
  constructor(
    private readonly trainings: TrainingRepository,
    private readonly workOff: WorkOffTrainings,
    private readonly queue: TrainingQueue,
  ) {}

  async execute(id: string): Promise<void> {
    const training = await this.trainings.find(id);
    if (training === undefined) throw new TrainingNotFoundError(id);
    if (isFinished(training.state) || !(await this.trainings.requestCancel(id))) {
      throw new TrainingFinishedError(id, training.state);
    }
    this.workOff.abort(id);
    this.queue.wake();
  }
}
