import { AppError } from '@headrace/kernel';
import { type Change, type Delivery } from './delivery.js';
import { judgeStep } from '../evidence/judge-step.js';
import { conclude, newRollout, paused, proved, resumed, supersede } from './move-rollout.js';
import { percentOf, RolloutOverError, RolloutStateError } from './rollout.js';
import { type NamedPolicy } from '../policy/rollout-policy.js';
import { traffic, type Why } from './statements.js';

export class NothingToRollBackError extends AppError {
  readonly code = 'CANARY_NOTHING_TO_ROLL_BACK';
  readonly kind = 'conflict';

  constructor(readonly modelName: string) {
    super(`Model ${modelName} has no earlier version to go back to`);
  }
}

export class VersionUnknownError extends AppError {
  readonly code = 'CANARY_VERSION_UNKNOWN';
  readonly kind = 'not-found';

  constructor(
    readonly modelName: string,
    readonly modelVersion: number,
  ) {
    super(`Version ${modelVersion} of model ${modelName} is not known here; is it registered?`);
  }
}

export class NoActiveRolloutError extends AppError {
  readonly code = 'CANARY_NO_ACTIVE_ROLLOUT';
  readonly kind = 'conflict';

  constructor(readonly modelName: string) {
    super(`Model ${modelName} has no rollout in progress`);
  }
}

export type Steering = 'pause' | 'resume' | 'promote' | 'abort';

/** A person decides about the rollout in progress; what was known at that moment is kept with it. */
export function steer(delivery: Delivery, rolloutId: string, steering: Steering, why: Why): Change {
  const rollout = delivery.active;
  if (rollout?.rolloutId !== rolloutId) {
    const ended = delivery.ended.find((each) => each.rolloutId === rolloutId);
    if (ended !== undefined) throw new RolloutOverError(rolloutId, ended.state);
    throw new NoActiveRolloutError(delivery.modelName);
  }
  const judgement = judgeStep(rollout.statistics, rollout.policy, percentOf(rollout));
  switch (steering) {
    case 'pause':
      if (rollout.state !== 'analysing') throw new RolloutStateError(rolloutId, rollout.state, 'be paused');
      return { delivery: { ...delivery, active: paused(rollout, judgement, why) }, statements: [] };
    case 'resume':
      if (rollout.state !== 'paused') throw new RolloutStateError(rolloutId, rollout.state, 'be resumed');
      return { delivery: { ...delivery, active: resumed(rollout, judgement, why) }, statements: [] };
    case 'promote':
      // In any state, also while paused (argo-rollouts#2648); but never a version that inference has not loaded.
      if (rollout.state === 'preparing') {
        throw new RolloutStateError(rolloutId, rollout.state, 'be promoted before inference has loaded it');
      }
      return conclude(delivery, rollout, 'promoted', judgement, why);
    case 'abort':
      return conclude(delivery, rollout, 'rolled-back', judgement, why);
  }
}

/**
 * Back to a version that has served before, without analysis (argo-rollouts#574). A rollout in progress is aborted: its
 * stable version is what to go back to. Otherwise the pointer moves at once when inference has the target proved; else it
 * is prepared first, so that a damaged target is refused before any traffic reaches it.
 */
export function rollBack(
  delivery: Delivery,
  named: NamedPolicy,
  toVersion: number | undefined,
  why: Why,
): Change {
  if (
    delivery.active?.kind === 'canary' &&
    toVersion === undefined &&
    delivery.active.state !== 'preparing'
  ) {
    return steer(delivery, delivery.active.rolloutId, 'abort', why);
  }
  const target = toVersion === undefined ? delivery.previous[0] : delivery.versions[String(toVersion)];
  if (target === undefined) {
    if (toVersion !== undefined) throw new VersionUnknownError(delivery.modelName, toVersion);
    throw new NothingToRollBackError(delivery.modelName);
  }
  if (target.modelVersion === delivery.stable?.modelVersion) {
    throw new NothingToRollBackError(delivery.modelName);
  }
  const superseded = delivery.active === undefined ? [] : [supersede(delivery.active, target, why)];
  const cleared: Delivery = { ...delivery, active: undefined, ended: [...delivery.ended, ...superseded] };
  const rollout = newRollout(cleared, target, named, 'rollback', why);
  if (cleared.loaded.includes(target.modelVersion)) {
    return conclude(cleared, rollout, 'promoted', proved(rollout), why);
  }
  return {
    delivery: { ...cleared, active: rollout },
    statements: [traffic(rollout, 'prepare the version to go back to', why)],
  };
}
