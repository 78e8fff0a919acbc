import { Clock } from '@headrace/kernel';
import { Injectable } from '@nestjs/common';
import { startRollout } from '../domain/rollout/advance-delivery.js';
import { type Delivery } from '../domain/rollout/delivery.js';
import { type Version } from '../domain/rollout/rollout.js';
import { DeliveryRepository } from './ports.js';
import { RolloutPolicies } from './rollout-policies.js';

/** Records a version that was created and starts its rollout. */
@Injectable()
export class RollOutNewVersion {
  constructor(
    private readonly deliveries: DeliveryRepository,
    private readonly policies: RolloutPolicies,
    private readonly clock: Clock,
  ) {}

  async execute(modelName: string, version: Version, eventId: string): Promise<void> {
    await this.deliveries.change(async (unit) => {
      if (!(await unit.claim('start-rollout', eventId))) return;
      const before = await unit.load(modelName);
      const delivery: Delivery = {
        ...before,
        versions: { ...before.versions, [String(version.modelVersion)]: version },
      };
      const context = {
        now: this.clock.now(),
        reason: 'a version was created',
        causationIds: [eventId],
      };
      const change = startRollout(delivery, version, this.policies.forModel(modelName), context);
      await unit.save(change, context.now);
    });
  }
}
