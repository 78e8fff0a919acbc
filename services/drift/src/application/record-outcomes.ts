import { type OutcomeObserved } from '@headrace/contracts';
import { type ReceivedEvent } from '@headrace/messaging';
import { Injectable } from '@nestjs/common';
import { MeasurePerformance } from './measure-performance.js';
import { DriftPolicies } from './drift-policies.js';
import { DriftRepository } from './ports.js';

/** What really happened: labels the predictions of the same system and event time, and measures when a window is full. */
@Injectable()
export class RecordOutcomes {
  constructor(
    private readonly store: DriftRepository,
    private readonly policies: DriftPolicies,
    private readonly performance: MeasurePerformance,
  ) {}

  async execute(events: readonly ReceivedEvent<typeof OutcomeObserved>[]): Promise<void> {
    const wanted = this.policies.labels;
    await this.store.addOutcomes(
      events.map(({ payload }) => payload).filter(({ label }) => wanted.has(label)),
    );
    for (const modelName of await this.store.findModelNames()) await this.performance.execute(modelName);
  }
}
