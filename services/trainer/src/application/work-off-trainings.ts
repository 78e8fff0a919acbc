import { Clock } from '@headrace/kernel';
import { Injectable } from '@nestjs/common';
import { RunTraining } from './run-training.js';
import { type Training, TrainingRepository } from './training-repository.js';

/** Aborted when the process ends: what is running stays unfinished and is resumed by the next process. */
export class Shutdown {
  private readonly controller = new AbortController();

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  begin(): void {
    this.controller.abort();
  }
}

/** Runs what is due, one after the other: also what a killed process left behind. */
@Injectable()
export class WorkOffTrainings {
  private readonly cancelling = new Map<string, AbortController>();

  constructor(
    private readonly trainings: TrainingRepository,
    private readonly runTraining: RunTraining,
    private readonly shutdown: Shutdown,
    private readonly clock: Clock,
  ) {}

  async execute(): Promise<void> {
    for (;;) {
      const due = await this.trainings.due(this.clock.now());
      if (due.length === 0) return;
      let worked = 0;
      for (const training of due) {
        if (this.shutdown.signal.aborted) return;
        if (await this.trainings.exclusively(training.id, () => this.run(training))) worked += 1;
      }
      // All that is left is in the hands of other processes.
      if (worked === 0) return;
    }
  }

  /** Ends the training if this process runs it; the stored wish reaches it elsewhere. */
  abort(id: string): void {
    this.cancelling.get(id)?.abort();
  }

  private async run(training: Training): Promise<void> {
    const cancelled = new AbortController();
    this.cancelling.set(training.id, cancelled);
    try {
      await this.runTraining.execute(training.id, { cancelled, shutdown: this.shutdown.signal });
    } finally {
      this.cancelling.delete(training.id);
    }
  }
}
