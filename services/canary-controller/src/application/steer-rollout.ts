import { AppError, Clock } from '@headrace/kernel';
import { Injectable } from '@nestjs/common';
import { isOver, RolloutOverError, type Rollout } from '../domain/rollout/rollout.js';
import { rollBack, steer, type Steering } from '../domain/rollout/steer-delivery.js';
import { DeliveryRepository, RolloutPolicies } from './ports.js';
import { policyOf } from './start-rollout.js';

export class RolloutUnknownError extends AppError {
  readonly code = 'CANARY_ROLLOUT_UNKNOWN';
  readonly kind = 'not-found';

  constructor(readonly rolloutId: string) {
    super(`There is no rollout ${rolloutId}`);
  }
}

interface Wish {
  readonly reason: string;
  readonly actor: string | undefined;
}

/** A person takes the decision. */
@Injectable()
export class SteerRollout {
  constructor(
    private readonly deliveries: DeliveryRepository,
    private readonly policies: RolloutPolicies,
    private readonly clock: Clock,
  ) {}

  async execute(rolloutId: string, steering: Steering, wish: Wish): Promise<Rollout> {
    const known = await this.deliveries.rollout(rolloutId);
    if (known === undefined) throw new RolloutUnknownError(rolloutId);
    if (isOver(known)) throw new RolloutOverError(rolloutId, known.state);
    await this.deliveries.change(async (store) => {
      const now = this.clock.now();
      await store.save(steer(await store.load(known.modelName), rolloutId, steering, { now, ...wish }), now);
    });
    return (await this.deliveries.rollout(rolloutId)) ?? known;
  }

  /** Back to the version before, or to a given one. Needs nobody else to be up. */
  async rollBack(modelName: string, toVersion: number | undefined, wish: Wish): Promise<Rollout | undefined> {
    return await this.deliveries.change(async (store) => {
      const now = this.clock.now();
      const policy = policyOf(modelName, this.policies);
      const change = rollBack(await store.load(modelName), policy, toVersion, { now, ...wish });
      await store.save(change, now);
      return change.delivery.active ?? change.delivery.ended.at(-1);
    });
  }
}
