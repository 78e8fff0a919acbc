import { Clock } from '@headrace/kernel';
import { Injectable } from '@nestjs/common';
import { advance } from '../domain/rollout/advance-delivery.js';
import { DeliveryRepository } from './ports.js';

/** Looks at every rollout in progress; each look begins from what is stored, so that it may die between any two. */
@Injectable()
export class AdvanceRollouts {
  constructor(
    private readonly deliveries: DeliveryRepository,
    private readonly clock: Clock,
  ) {}

  async execute(): Promise<void> {
    for (const modelName of await this.deliveries.activeModels()) {
      await this.deliveries.change(async (store) => {
        const now = this.clock.now();
        const before = await store.load(modelName);
        const change = advance(before, now);
        if (change.delivery === before) return;
        await store.save(change, now);
      });
    }
  }
}
