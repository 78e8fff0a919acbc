import { type OutcomeObserved } from '@headrace/contracts';
import { type ReceivedEvent } from '@headrace/messaging';
import { Injectable } from '@nestjs/common';
import { MeasurePerformance } from './measure-performance.js';
import { DriftPolicies } from './drift-policies.js';
import { DriftRepository } from './ports.js';

/** Labels the predictions of the same system and event time, and measures performance when a window is full. */
@Injectable()
export class RecordOutcomes {
  constructor(
    private readonly repository: DriftRepository,
    private readonly policies: DriftPolicies,
    private readonly performance: MeasurePerformance,
  ) {}

  async execute(events: readonly ReceivedEvent<typeof OutcomeObserved>[]): Promise<void> {
    const { labels } = this.policies;
    await this.repository.addOutcomes(
      events.map(({ payload }) => payload).filter(({ label }) => labels.has(label)),
    );
    for (const modelName of await this.repository.findModelNames()) await this.performance.execute(modelName);
  }
}
