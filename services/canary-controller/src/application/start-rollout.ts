import { AppError, Clock } from '@headrace/kernel';
import { Injectable } from '@nestjs/common';
import { startRollout } from '../domain/rollout/advance-delivery.js';
import { type Change, type Delivery } from '../domain/rollout/delivery.js';
import { policyFor, type NamedPolicy } from '../domain/policy/rollout-policy.js';
import { type Rollout, type Version } from '../domain/rollout/rollout.js';
import { VersionUnknownError } from '../domain/rollout/steer-delivery.js';
import { DeliveryRepository, RolloutPolicies } from './ports.js';

export class NoPolicyError extends AppError {
  readonly code = 'CANARY_NO_POLICY';
  readonly kind = 'conflict';

  constructor(readonly modelName: string) {
    super(`No rollout policy fits model ${modelName}; add one to config/rollout-policies`);
  }
}

export function policyOf(modelName: string, policies: RolloutPolicies): NamedPolicy {
  const policy = policyFor(modelName, policies.all);
  if (policy === undefined) throw new NoPolicyError(modelName);
  return policy;
}

/** A version exists: it begins its way to the traffic. */
@Injectable()
export class StartRollout {
  constructor(
    private readonly deliveries: DeliveryRepository,
    private readonly policies: RolloutPolicies,
    private readonly clock: Clock,
  ) {}

  /** For a version that was just created. */
  async created(modelName: string, version: Version, eventId: string): Promise<void> {
    await this.deliveries.change(async (store) => {
      if (!(await store.claim('start-rollout', eventId))) return;
      const before = await store.load(modelName);
      const known: Delivery = {
        ...before,
        versions: { ...before.versions, [String(version.modelVersion)]: version },
      };
      await store.save(
        this.start(known, version, { reason: 'a version was created', causationIds: [eventId] }),
        this.clock.now(),
      );
    });
  }

  /** For a version that is known and shall be tried again. */
  async execute(
    modelName: string,
    modelVersion: number,
    why: { readonly reason: string; readonly actor: string | undefined },
  ): Promise<Rollout> {
    return await this.deliveries.change(async (store) => {
      const delivery = await store.load(modelName);
      const version = delivery.versions[String(modelVersion)];
      if (version === undefined) throw new VersionUnknownError(modelName, modelVersion);
      const change = this.start(delivery, version, why);
      await store.save(change, this.clock.now());
      const rollout = change.delivery.active ?? change.delivery.ended.at(-1);
      if (rollout === undefined) throw new VersionUnknownError(modelName, modelVersion);
      return rollout;
    });
  }

  private start(
    delivery: Delivery,
    version: Version,
    why: { reason: string; actor?: string | undefined; causationIds?: readonly string[] },
  ): Change {
    const policy = policyOf(delivery.modelName, this.policies);
    return startRollout(delivery, version, policy, { now: this.clock.now(), ...why });
  }
}
