import { Clock } from '@headrace/kernel';
import { Injectable } from '@nestjs/common';
import { newWatch } from '../domain/model-watch.js';
import { recordMilestone, type Milestone } from '../domain/new-model-progress.js';
import { DriftRepository } from './ports.js';

/**
 * Remembers how far a new model has come. Also of a model without a champion: the first rollout's beginning may arrive
 * before the alias and its end after it, and an end that is forgotten would be waited for.
 */
@Injectable()
export class RecordProgress {
  constructor(
    private readonly store: DriftRepository,
    private readonly clock: Clock,
  ) {}

  async execute(modelName: string, milestone: Milestone, at: string): Promise<void> {
    await this.store.change(modelName, async (unit) => {
      const watch = unit.watch ?? newWatch(modelName, this.clock.now());
      await unit.save({ ...watch, progress: recordMilestone(watch.progress ?? {}, milestone, new Date(at)) });
    });
  }
}
