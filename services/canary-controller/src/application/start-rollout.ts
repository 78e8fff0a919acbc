import { AppError, Clock } from '@headrace/kernel';
import { Injectable } from '@nestjs/common';
import { startRollout } from '../domain/rollout/advance-delivery.js';
import { VersionNotFoundError } from '../domain/rollout/apply-command.js';
import { type Rollout } from '../domain/rollout/rollout.js';
import { type CommandReason } from '../domain/rollout/rollout-events.js';
import { DeliveryRepository } from './ports.js';
import { RolloutPolicies } from './rollout-policies.js';

export class VersionServesError extends AppError {
  readonly code = 'CANARY_VERSION_SERVES';
  readonly kind = 'conflict';

  constructor(
    readonly modelName: string,
    readonly modelVersion: number,
  ) {
    super(`Version ${modelVersion} of model ${modelName} already serves all traffic that no rollout has`);
  }
}

/**
 * Starts a rollout of an existing version, also of one whose rollout has ended. A version on its way keeps its rollout,
 * so that a client may retry (flagger#784); the stable version is refused (flagger#1163).
 */
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
      if (delivery.stable?.modelVersion === modelVersion) {
        throw new VersionServesError(modelName, modelVersion);
      }
      const { active } = delivery;
      if (active?.kind === 'canary' && active.candidate.modelVersion === modelVersion) return active;
      const now = this.clock.now();
      const change = startRollout(delivery, version, this.policies.forModel(modelName), { now, ...reason });
      await unit.save(change, now);
      const rollout = change.delivery.active ?? change.delivery.ended.at(-1);
      if (rollout === undefined) throw new VersionNotFoundError(modelName, modelVersion);
      return rollout;
    });
  }
}
