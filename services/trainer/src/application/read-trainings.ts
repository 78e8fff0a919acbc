import { Injectable } from '@nestjs/common';
import { TrainingNotFoundError } from './cancel-training.js';
import { type StepRecord, type Training, TrainingRepository } from './training-repository.js';

@Injectable()
export class ReadTrainings {
  constructor(private readonly trainings: TrainingRepository) {}

  list(modelName: string | undefined, limit: number): Promise<readonly Training[]> {
    return this.trainings.list(modelName, limit);
  }

  async one(id: string): Promise<{ readonly training: Training; readonly steps: readonly StepRecord[] }> {
    const training = await this.trainings.find(id);
    if (training === undefined) throw new TrainingNotFoundError(id);
    return { training, steps: await this.trainings.steps(id) };
  }
}
