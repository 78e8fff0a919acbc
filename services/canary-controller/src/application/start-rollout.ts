import { Clock } from '@headrace/kernel';
import { Injectable } from '@nestjs/common';
import { startRollout } from '../domain/rollout/advance-delivery.js';
import { VersionNotFoundError } from '../domain/rollout/apply-command.js';
import { type Rollout } from '../domain/rollout/rollout.js';
import { type CommandReason } from '../domain/rollout/rollout-events.js';
import { DeliveryRepository } from './ports.js';
import { RolloutPolicies } from './rollout-policies.js';

/** Starts a rollout of an existing version, also of one whose rollout has ended. */
@Injectable()
export class StartRollout {
  constructor(
    private readonly deliveries: DeliveryRepository,
    private readonly policies: RolloutPolicies,
    private readonly clock: Clock,
  ) {}

  async execute(modelName: string, modelVersion: number, reason: CommandReason): Promise<Rollout> {
    return await this.deliveries.change(async (unit) => {
      const delivery = await unit.load(modelName);
      const version = delivery.versions[String(modelVersion)];
      if (version === undefined) throw new VersionNotFoundError(modelName, modelVersion);
      const now = this.clock.now();
      const change = startRollout(delivery, version, this.policies.forModel(modelName), { now, ...reason });
      await unit.save(change, now);
      const rollout = change.delivery.active ?? change.delivery.ended.at(-1);
      if (rollout === undefined) throw new VersionNotFoundError(modelName, modelVersion);
      return rollout;
    });
  }
}
