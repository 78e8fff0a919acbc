import { Clock } from '@headrace/kernel';
import { Injectable } from '@nestjs/common';
import { CheckModel } from './check-model.js';
import { DriftPolicies } from './drift-policies.js';
import { DriftRepository } from './ports.js';

const DELETE_EVERY_MS = 600_000;
const HOUR_MS = 3_600_000;

/** Closes the windows that are due, and deletes predictions and outcomes that no policy keeps any longer. */
@Injectable()
export class CheckDueWindows {
  private lastDeletedAt = 0;

  constructor(
    private readonly repository: DriftRepository,
    private readonly checkModel: CheckModel,
    private readonly policies: DriftPolicies,
    private readonly clock: Clock,
  ) {}

  async execute(): Promise<void> {
    for (const modelName of await this.repository.findModelNames()) {
      await this.checkModel.execute(modelName, 'due');
    }
    const now = this.clock.now().getTime();
    if (now - this.lastDeletedAt < DELETE_EVERY_MS) return;
    this.lastDeletedAt = now;
    await this.repository.deleteStoredBefore(new Date(now - this.policies.maxKeepHours * HOUR_MS));
  }
}
