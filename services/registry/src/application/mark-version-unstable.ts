import { causedBy, VersionMarkedUnstable, type Cause } from '@headrace/contracts';
import { Clock, deterministicId } from '@headrace/kernel';
import { eventOf } from '@headrace/messaging';
import { Injectable } from '@nestjs/common';
import { ModelLedger } from './ports.js';

export interface MarkVersionUnstableRequest {
  readonly modelName: string;
  readonly version: number;
  readonly reason: string;
  readonly rolloutId: string;
  readonly cause: Cause;
}

/** Records that a version was rolled back, so that it cannot become champion again without a new rollout. */
@Injectable()
export class MarkVersionUnstable {
  constructor(
    private readonly ledger: ModelLedger,
    private readonly clock: Clock,
  ) {}

  execute({
    modelName,
    version: number,
    reason,
    rolloutId,
    cause,
  }: MarkVersionUnstableRequest): Promise<void> {
    return this.ledger.change(async (unit) => {
      if (!(await unit.claim('mark-version-unstable', cause.id))) return;
      const version = await unit.lockVersion(modelName, number);
      const at = this.clock.now();
      await unit.setStability(version, true, at, reason, rolloutId);
      await unit.emit(
        eventOf(VersionMarkedUnstable, {
          id: deterministicId('version-marked-unstable', modelName, String(number), cause.id),
          time: at,
          ...causedBy(cause),
          payload: { modelName, modelVersion: number, reason, rolloutId, markedAt: at.toISOString() },
        }),
      );
    });
  }
}
