import { type RolloutPromoted, type RolloutRolledBack, type TrainingFailed } from '@headrace/contracts';
import { Clock } from '@headrace/kernel';
import { type EventOf } from '@headrace/messaging';
import { Injectable } from '@nestjs/common';
import { DriftStore } from './ports.js';

/** A training failed or a rollout ended: whatever was asked for is answered, and may be asked for again. */
@Injectable()
export class RecordAnswer {
  constructor(
    private readonly store: DriftStore,
    private readonly clock: Clock,
  ) {}

  async execute(
    event: EventOf<typeof RolloutPromoted | typeof RolloutRolledBack | typeof TrainingFailed>,
  ): Promise<void> {
    await this.store.inModel(event.payload.modelName, async (unit) => {
      if (unit.watch === undefined || !(await unit.firstTime('record-answer', event.id))) return;
      await unit.save({ ...unit.watch, answeredAt: this.clock.now().toISOString() });
    });
  }
}
