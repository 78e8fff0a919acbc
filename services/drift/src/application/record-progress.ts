import { Clock } from '@headrace/kernel';
import { Injectable } from '@nestjs/common';
import { newWatch } from '../domain/model-watch.js';
import { recordMilestone, type Milestone } from '../domain/new-model-progress.js';
import { DriftRepository } from './ports.js';

/**
 * Records how far a new model has come, also for a model without a champion: the start of the first rollout may arrive
 * before the alias and its end after it, and drift would wait forever for an end that it did not record.
 */
@Injectable()
export class RecordProgress {
  constructor(
    private readonly repository: DriftRepository,
    private readonly clock: Clock,
  ) {}

  async execute(modelName: string, milestone: Milestone, at: string): Promise<void> {
    await this.repository.change(modelName, async (unit) => {
      const watch = unit.watch ?? newWatch(modelName, this.clock.now());
      await unit.save({ ...watch, progress: recordMilestone(watch.progress ?? {}, milestone, new Date(at)) });
    });
  }
}
