import { Clock } from '@headrace/kernel';
import { Injectable } from '@nestjs/common';
import { RunTraining } from './run-training.js';
import { type Training, TrainingRepository } from './training-repository.js';

/** Runs what is due, one after the other: also what a killed process left behind. */
@Injectable()
export class WorkOffTrainings {
  private readonly cancelling = new Map<string, AbortController>();
  private readonly shutdown = new AbortController();

  constructor(
    private readonly trainings: TrainingRepository,
    private readonly runTraining: RunTraining,
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

  /** What is running stays unfinished; the next process resumes it. */
  stop(): void {
    this.shutdown.abort();
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
