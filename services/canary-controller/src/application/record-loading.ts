import { Clock } from '@headrace/kernel';
import { Injectable } from '@nestjs/common';
import { versionLoaded, versionRefused } from '../domain/rollout/advance-delivery.js';
import { DeliveryRepository } from './ports.js';

/** Inference says whether it can serve a version. */
@Injectable()
export class RecordLoading {
  constructor(
    private readonly deliveries: DeliveryRepository,
    private readonly clock: Clock,
  ) {}

  async loaded(modelName: string, modelVersion: number, eventId: string): Promise<void> {
    await this.once(modelName, eventId, (delivery, why) => versionLoaded(delivery, modelVersion, why));
  }

  async refused(modelName: string, modelVersion: number, message: string, eventId: string): Promise<void> {
    await this.once(modelName, eventId, (delivery, why) =>
      versionRefused(delivery, modelVersion, message, why),
    );
  }

  private async once(
    modelName: string,
    eventId: string,
    change: (
      delivery: Parameters<typeof versionLoaded>[0],
      why: Parameters<typeof versionLoaded>[2],
    ) => ReturnType<typeof versionLoaded>,
  ): Promise<void> {
    await this.deliveries.change(async (store) => {
      if (!(await store.claim('record-loading', eventId))) return;
      const now = this.clock.now();
      const why = { now, reason: 'inference has answered', causationIds: [eventId] };
      await store.save(change(await store.load(modelName), why), now);
    });
  }
}
