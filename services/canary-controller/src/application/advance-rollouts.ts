import { Clock } from '@headrace/kernel';
import { Injectable } from '@nestjs/common';
import { advanceDelivery } from '../domain/rollout/advance-delivery.js';
import { DeliveryRepository } from './ports.js';

/** Advances every rollout in progress. Each run starts from the stored state, so that it may stop at any point. */
@Injectable()
export class AdvanceRollouts {
  constructor(
    private readonly deliveries: DeliveryRepository,
    private readonly clock: Clock,
  ) {}

  async execute(): Promise<void> {
    for (const modelName of await this.deliveries.findActiveModels()) {
      await this.deliveries.change(async (unit) => {
        const now = this.clock.now();
        const before = await unit.load(modelName);
        const change = advanceDelivery(before, now);
        if (change.delivery === before) return;
        await unit.save(change, now);
      });
    }
  }
}
