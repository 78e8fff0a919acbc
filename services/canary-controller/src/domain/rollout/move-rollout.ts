import { RolloutPromoted, RolloutRolledBack } from '@headrace/contracts';
import { deterministicId, type Declared } from '@headrace/kernel';
import { type Change, type Delivery } from './delivery.js';
import { judgeStep, type Judgement } from '../evidence/judge-step.js';
import { type RolloutPolicy } from '../policy/rollout-policy.js';
import {
  isOver,
  percentOf,
  RolloutOverError,
  type DecisionRecord,
  type Rollout,
  type Version,
} from './rollout.js';
import {
  trafficSettled,
  rolloutEvent,
  trafficShifted,
  type RolloutEvent,
  type ChangeContext,
} from './rollout-events.js';
import { nextStep, noStatistics } from '../evidence/step-statistics.js';

/** A rollout in its first state; nothing of it is stated yet. */
export function newRollout(
  delivery: Delivery,
  candidate: Version,
  { name, version, value: policy }: Declared<RolloutPolicy>,
  kind: Rollout['kind'],
  context: ChangeContext,
): Rollout {
  const now = context.now.toISOString();
  const { modelName } = delivery;
  const rollout: Rollout = {
    rolloutId: deterministicId('rollout', kind, modelName, String(candidate.modelVersion), now),
    kind,
    modelName,
    candidate,
    baseline: delivery.stable,
    policy,
    policyVersion: `${name}@${version}`,
    state: 'preparing',
    step: -1,
    startedAt: now,
    stepStartedAt: now,
    deadline: addSeconds(context.now, policy.prepareSeconds),
    holdsStated: 0,
    endedAt: undefined,
    reason: context.reason,
    statistics: noStatistics,
    decisions: [],
    causationIds: context.causationIds ?? [],
  };
  return recordDecision(rollout, 'start', undefined, context);
}

/** The next division of the traffic; its evidence is counted anew. */
export function enterStep(
  delivery: Delivery,
  rollout: Rollout,
  step: number,
  context: ChangeContext,
): Change {
  const entered: Rollout = {
    ...rollout,
    state: 'analysing',
    step,
    stepStartedAt: context.now.toISOString(),
    deadline: addSeconds(context.now, rollout.policy.longestStepSeconds),
    holdsStated: 0,
    statistics: nextStep(rollout.statistics),
  };
  return {
    delivery: { ...delivery, active: entered },
    events: [trafficShifted(entered, context.reason, context)],
  };
}

export function pause(rollout: Rollout, judgement: Judgement, context: ChangeContext): Rollout {
  return {
    ...recordDecision(rollout, 'pause', judgement, context),
    state: 'paused',
    deadline: addSeconds(context.now, rollout.policy.pauseSeconds),
    reason: context.reason,
  };
}

/** Analysis goes on where it was paused, with a step and a deadline that begin now. */
export function resume(rollout: Rollout, judgement: Judgement, context: ChangeContext): Rollout {
  return {
    ...recordDecision(rollout, 'resume', judgement, context),
    state: 'analysing',
    stepStartedAt: context.now.toISOString(),
    deadline: addSeconds(context.now, rollout.policy.longestStepSeconds),
    holdsStated: 0,
    statistics: nextStep(rollout.statistics),
  };
}

export function supersede(rollout: Rollout, by: Version, context: ChangeContext): Rollout {
  const reason = `version ${by.modelVersion} takes its place`;
  const judgement = judgeStep(rollout.statistics, rollout.policy, percentOf(rollout));
  return {
    ...recordDecision(rollout, 'supersede', judgement, { ...context, reason }),
    state: 'superseded',
    endedAt: context.now.toISOString(),
    reason,
  };
}

/** Ends a rollout: the pointer moves in the same change as the state, and the fact names all of the evidence. */
export function conclude(
  delivery: Delivery,
  rollout: Rollout,
  state: 'promoted' | 'rolled-back',
  { verdict, evidence }: Judgement,
  context: ChangeContext,
): Change {
  if (isOver(rollout)) throw new RolloutOverError(rollout.rolloutId, rollout.state);
  const over: Rollout = {
    ...recordDecision(
      rollout,
      state === 'promoted' ? 'promote' : 'roll-back',
      { verdict, evidence },
      context,
    ),
    state,
    endedAt: context.now.toISOString(),
    reason: context.reason,
  };
  const { modelName, rolloutId, candidate, policyVersion } = rollout;
  const at = context.now.toISOString();
  const shared = { modelName, rolloutId, evidence: [...evidence], policyVersion, reason: context.reason };
  const ended = [...delivery.ended, over];
  if (state === 'rolled-back') {
    const rolledBack = rolloutEvent(over, RolloutRolledBack, ['rolled-back'], context, {
      ...shared,
      modelVersion: candidate.modelVersion,
      restoredVersion: rollout.baseline?.modelVersion ?? null,
      rolledBackAt: at,
    });
    const back = trafficSettled(over, rollout.baseline, 'the canary was rolled back', context);
    return { delivery: { ...delivery, active: undefined, ended }, events: [...back, rolledBack] };
  }
  const promoted = rolloutEvent(over, RolloutPromoted, ['promoted'], context, {
    ...shared,
    modelVersion: candidate.modelVersion,
    previousVersion: rollout.baseline?.modelVersion ?? null,
    promotedAt: at,
  });
  const left: readonly RolloutEvent[] =
    rollout.kind === 'rollback' && rollout.baseline !== undefined
      ? [
          rolloutEvent(over, RolloutRolledBack, ['left'], context, {
            ...shared,
            modelVersion: rollout.baseline.modelVersion,
            restoredVersion: candidate.modelVersion,
            rolledBackAt: at,
          }),
        ]
      : [];
  const others = delivery.previous.filter(({ modelVersion }) => modelVersion !== candidate.modelVersion);
  // A version that was rolled back from is no place to go back to.
  const previous =
    rollout.kind === 'rollback' || delivery.stable === undefined ? others : [delivery.stable, ...others];
  return {
    delivery: { ...delivery, stable: candidate, previous: previous.slice(0, 20), active: undefined, ended },
    events: [...trafficSettled(over, candidate, context.reason, context), ...left, promoted],
  };
}

/** Every decision is kept with what was known when it was taken. */
export function recordDecision(
  rollout: Rollout,
  action: DecisionRecord['action'],
  judgement: Judgement | undefined,
  context: ChangeContext,
): Rollout {
  const record: DecisionRecord = {
    at: context.now.toISOString(),
    action,
    percent: percentOf(rollout),
    verdict: judgement?.verdict,
    reason: context.reason,
    actor: context.actor,
    evidence: judgement?.evidence ?? [],
  };
  return { ...rollout, decisions: [...rollout.decisions, record] };
}

/** Inference has proved the version against its reference: what a rollback stands on. */
export function loadProof(rollout: Rollout): Judgement {
  return {
    verdict: 'healthy',
    evidence: [
      {
        criterion: 'loads',
        verdict: 'healthy',
        value: 1,
        threshold: 1,
        direction: 'at-least',
        sampleSize: 1,
        detail: `inference has loaded and proved version ${rollout.candidate.modelVersion}`,
      },
    ],
  };
}

function addSeconds(now: Date, seconds: number): string {
  return new Date(now.getTime() + seconds * 1000).toISOString();
}
