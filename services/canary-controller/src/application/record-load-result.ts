import { Clock } from '@headrace/kernel';
import { Injectable } from '@nestjs/common';
import { recordLoaded, recordLoadFailure } from '../domain/rollout/advance-delivery.js';
import { DeliveryRepository } from './ports.js';

/** Whether inference can serve a version. */
export type LoadResult =
  { readonly outcome: 'loaded' } | { readonly outcome: 'failed'; readonly message: string };

/** Records whether inference could load a version: its rollout proceeds or ends. */
@Injectable()
export class RecordLoadResult {
  constructor(
    private readonly deliveries: DeliveryRepository,
    private readonly clock: Clock,
  ) {}

  async execute(modelName: string, modelVersion: number, result: LoadResult, eventId: string): Promise<void> {
    await this.deliveries.change(async (unit) => {
      if (!(await unit.claim('record-loading', eventId))) return;
      const now = this.clock.now();
      const context = { now, reason: 'inference has answered', causationIds: [eventId] };
      const delivery = await unit.load(modelName);
      const change =
        result.outcome === 'loaded'
          ? recordLoaded(delivery, modelVersion, context)
          : recordLoadFailure(delivery, modelVersion, result.message, context);
      await unit.save(change, now);
    });
  }
}
