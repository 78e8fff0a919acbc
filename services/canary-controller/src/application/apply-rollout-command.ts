import { AppError, Clock } from '@headrace/kernel';
import { Injectable } from '@nestjs/common';
import { applyCommand, type RolloutCommand } from '../domain/rollout/apply-command.js';
import { isOver, RolloutOverError, type Rollout } from '../domain/rollout/rollout.js';
import { type CommandReason } from '../domain/rollout/rollout-events.js';
import { DeliveryRepository } from './ports.js';

export class RolloutNotFoundError extends AppError {
  readonly code = 'CANARY_ROLLOUT_UNKNOWN';
  readonly kind = 'not-found';

  constructor(readonly rolloutId: string) {
    super(`Rollout ${rolloutId} does not exist`);
  }
}

/** Pauses, resumes, promotes or aborts a rollout on a person's command. */
@Injectable()
export class ApplyRolloutCommand {
  constructor(
    private readonly deliveries: DeliveryRepository,
    private readonly clock: Clock,
  ) {}

  async execute(rolloutId: string, command: RolloutCommand, reason: CommandReason): Promise<Rollout> {
    const rollout = await this.deliveries.findRollout(rolloutId);
    if (rollout === undefined) throw new RolloutNotFoundError(rolloutId);
    if (isOver(rollout)) throw new RolloutOverError(rolloutId, rollout.state);
    await this.deliveries.change(async (unit) => {
      const now = this.clock.now();
      const delivery = await unit.load(rollout.modelName);
      await unit.save(applyCommand(delivery, rolloutId, command, { now, ...reason }), now);
    });
    return (await this.deliveries.findRollout(rolloutId)) ?? rollout;
  }
}
