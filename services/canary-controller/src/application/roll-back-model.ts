import { Clock } from '@headrace/kernel';
import { Injectable } from '@nestjs/common';
import { rollBack } from '../domain/rollout/apply-command.js';
import { type Rollout } from '../domain/rollout/rollout.js';
import { type CommandReason } from '../domain/rollout/rollout-events.js';
import { DeliveryRepository } from './ports.js';
import { RolloutPolicies } from './rollout-policies.js';

/** Returns a model to its previous version, or to a given one. Depends on no other service. */
@Injectable()
export class RollBackModel {
  constructor(
    private readonly deliveries: DeliveryRepository,
    private readonly policies: RolloutPolicies,
    private readonly clock: Clock,
  ) {}

  async execute(
    modelName: string,
    toVersion: number | undefined,
    reason: CommandReason,
  ): Promise<Rollout | undefined> {
    return await this.deliveries.change(async (unit) => {
      const now = this.clock.now();
      const policy = this.policies.forModel(modelName);
      const change = rollBack(await unit.load(modelName), policy, toVersion, { now, ...reason });
      await unit.save(change, now);
      return change.delivery.active ?? change.delivery.ended.at(-1);
    });
  }
}
