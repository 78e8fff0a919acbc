import { AppError, type Declared } from '@headrace/kernel';
import { type Change, type Delivery } from './delivery.js';
import { judgeStep } from '../evidence/judge-step.js';
import { conclude, newRollout, pause, buildLoadProof, resume, supersede } from './move-rollout.js';
import { percentOf, RolloutOverError, RolloutStateError, type Version } from './rollout.js';
import { type RolloutPolicy } from '../policy/rollout-policy.js';
import { buildTrafficShifted, type ChangeContext } from './rollout-events.js';

/** The target of a rollback must have served all traffic and must not have been rolled back since. */
export class RollbackTargetRefusedError extends AppError {
  readonly code = 'CANARY_ROLLBACK_TARGET_REFUSED';
  readonly kind = 'conflict';

  constructor(
    readonly modelName: string,
    readonly modelVersion: number,
    readonly targets: readonly number[],
  ) {
    super(
      `Version ${modelVersion} of model ${modelName} has not served all traffic, or was rolled back since; ${
        targets.length === 0
          ? 'there is no version to roll back to'
          : `versions to roll back to: ${targets.join(', ')}`
      }. A version that has not served starts by a rollout`,
    );
  }
}

export class NothingToRollBackError extends AppError {
  readonly code = 'CANARY_NOTHING_TO_ROLL_BACK';
  readonly kind = 'conflict';

  constructor(readonly modelName: string) {
    super(`Model ${modelName} has no earlier version to roll back to`);
  }
}

export class VersionNotFoundError extends AppError {
  readonly code = 'CANARY_VERSION_UNKNOWN';
  readonly kind = 'not-found';

  constructor(
    readonly modelName: string,
    readonly modelVersion: number,
  ) {
    super(`Version ${modelVersion} of model ${modelName} does not exist here; is it registered?`);
  }
}

export class NoActiveRolloutError extends AppError {
  readonly code = 'CANARY_NO_ACTIVE_ROLLOUT';
  readonly kind = 'conflict';

  constructor(readonly modelName: string) {
    super(`Model ${modelName} has no rollout in progress`);
  }
}

export type RolloutCommand = 'pause' | 'resume' | 'promote' | 'abort';

/** Applies a person's command to the rollout in progress and records the evidence of that moment. */
export function applyCommand(
  delivery: Delivery,
  rolloutId: string,
  steering: RolloutCommand,
  context: ChangeContext,
): Change {
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
      return { delivery: { ...delivery, active: pause(rollout, judgement, context) }, events: [] };
    case 'resume':
      if (rollout.state !== 'paused') throw new RolloutStateError(rolloutId, rollout.state, 'be resumed');
      return { delivery: { ...delivery, active: resume(rollout, judgement, context) }, events: [] };
    case 'promote':
      // In any state, also while paused (argo-rollouts#2648); but never a version that inference has not loaded.
      if (rollout.state === 'preparing') {
        throw new RolloutStateError(rolloutId, rollout.state, 'be promoted before inference has loaded it');
      }
      return conclude(delivery, rollout, 'promoted', judgement, context);
    case 'abort':
      return conclude(delivery, rollout, 'rolled-back', judgement, context);
  }
}

/**
 * Returns to a version that has served before, without analysis (argo-rollouts#574). A rollout in progress is aborted,
 * because its stable version is the target. A named target must be one that has served and was not rolled back
 * (argo-rollouts#2168): nobody has judged any other. Otherwise the target serves at once when inference has loaded it; if not, it
 * is prepared first, so that a damaged target is refused before any traffic reaches it.
 */
export function rollBack(
  delivery: Delivery,
  policy: Declared<RolloutPolicy>,
  toVersion: number | undefined,
  context: ChangeContext,
): Change {
  if (
    delivery.active?.kind === 'canary' &&
    toVersion === undefined &&
    delivery.active.state !== 'preparing'
  ) {
    return applyCommand(delivery, delivery.active.rolloutId, 'abort', context);
  }
  const target = findRollbackTarget(delivery, toVersion);
  const superseded = delivery.active === undefined ? [] : [supersede(delivery.active, target, context)];
  const cleared: Delivery = { ...delivery, active: undefined, ended: [...delivery.ended, ...superseded] };
  const rollout = newRollout(cleared, target, policy, 'rollback', context);
  if (cleared.loaded.includes(target.modelVersion)) {
    return conclude(cleared, rollout, 'promoted', buildLoadProof(rollout), context);
  }
  return {
    delivery: { ...cleared, active: rollout },
    events: [buildTrafficShifted(rollout, 'prepare the version to go back to', context)],
  };
}

function findRollbackTarget(delivery: Delivery, toVersion: number | undefined): Version {
  const { modelName, previous, stable, versions } = delivery;
  if (toVersion === undefined) {
    const [last] = previous;
    if (last === undefined) throw new NothingToRollBackError(modelName);
    return last;
  }
  if (versions[String(toVersion)] === undefined) throw new VersionNotFoundError(modelName, toVersion);
  if (toVersion === stable?.modelVersion) throw new NothingToRollBackError(modelName);
  const target = previous.find(({ modelVersion }) => modelVersion === toVersion);
  if (target === undefined) {
    throw new RollbackTargetRefusedError(
      modelName,
      toVersion,
      previous.map(({ modelVersion }) => modelVersion),
    );
  }
  return target;
}
