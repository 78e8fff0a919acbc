import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { TrainingQueue } from './training-queue.js';
import { Scheduler } from './scheduler.js';
import { StartFirstModel } from './start-first-model.js';
import { WorkOffTrainings } from './work-off-trainings.js';

export class Intervals {
  constructor(
    readonly workOffMs: number,
    readonly firstModelMs: number,
  ) {}
}

/** Begins what the trainer does by itself: what a killed process left behind, what was asked for, the first models. */
@Injectable()
export class KeepTraining implements OnApplicationBootstrap {
  constructor(
    private readonly scheduler: Scheduler,
    private readonly intervals: Intervals,
    private readonly workOff: WorkOffTrainings,
    private readonly startFirstModel: StartFirstModel,
    private readonly queue: TrainingQueue,
  ) {}

  onApplicationBootstrap(): void {
    const work = this.scheduler.every('trainings', this.intervals.workOffMs, () => this.workOff.execute());
    this.scheduler.every('first-model', this.intervals.firstModelMs, () => this.startFirstModel.execute());
    this.queue.onWake(() => work.trigger());
    work.trigger();
  }
}
