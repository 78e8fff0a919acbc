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
  buildTrafficSettled,
  buildRolloutEvent,
  buildTrafficShifted,
  type RolloutEvent,
  type ChangeContext,
} from './rollout-events.js';
import { nextStep, noStatistics } from '../evidence/step-statistics.js';

/** A rollout in its first state. Emits nothing. */
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

/** Shifts the traffic to a step, whose evidence is counted from zero. */
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
    events: [buildTrafficShifted(entered, context.reason, context)],
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

/** Resumes the analysis of the paused step. The step and its deadline begin now. */
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
  const reason = `version ${by.modelVersion} supersedes it`;
  const judgement = judgeStep(rollout.statistics, rollout.policy, percentOf(rollout));
  return {
    ...recordDecision(rollout, 'supersede', judgement, { ...context, reason }),
    state: 'superseded',
    endedAt: context.now.toISOString(),
    reason,
  };
}

/** Ends a rollout: the stable version changes together with the state, and the event carries all of the evidence. */
export function conclude(
  delivery: Delivery,
  rollout: Rollout,
  state: 'promoted' | 'rolled-back',
  { verdict, evidence }: Judgement,
  context: ChangeContext,
): Change {
  if (isOver(rollout)) throw new RolloutOverError(rollout.rolloutId, rollout.state);
  const endedRollout: Rollout = {
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
  const common = { modelName, rolloutId, evidence: [...evidence], policyVersion, reason: context.reason };
  const ended = [...delivery.ended, endedRollout];
  if (state === 'rolled-back') {
    const rolledBack = buildRolloutEvent(endedRollout, RolloutRolledBack, ['rolled-back'], context, {
      ...common,
      modelVersion: candidate.modelVersion,
      restoredVersion: rollout.baseline?.modelVersion ?? null,
      rolledBackAt: at,
    });
    const back = buildTrafficSettled(endedRollout, rollout.baseline, 'the canary was rolled back', context);
    return { delivery: { ...delivery, active: undefined, ended }, events: [...back, rolledBack] };
  }
  const promoted = buildRolloutEvent(endedRollout, RolloutPromoted, ['promoted'], context, {
    ...common,
    modelVersion: candidate.modelVersion,
    previousVersion: rollout.baseline?.modelVersion ?? null,
    promotedAt: at,
  });
  const abandoned: readonly RolloutEvent[] =
    rollout.kind === 'rollback' && rollout.baseline !== undefined
      ? [
          buildRolloutEvent(endedRollout, RolloutRolledBack, ['left'], context, {
            ...common,
            modelVersion: rollout.baseline.modelVersion,
            restoredVersion: candidate.modelVersion,
            rolledBackAt: at,
          }),
        ]
      : [];
  const others = delivery.previous.filter(({ modelVersion }) => modelVersion !== candidate.modelVersion);
  // A version that was rolled back from is not a target for the next rollback.
  const previous =
    rollout.kind === 'rollback' || delivery.stable === undefined ? others : [delivery.stable, ...others];
  return {
    delivery: { ...delivery, stable: candidate, previous: previous.slice(0, 20), active: undefined, ended },
    events: [
      ...buildTrafficSettled(endedRollout, candidate, context.reason, context),
      ...abandoned,
      promoted,
    ],
  };
}

/** Records a decision together with the evidence that it was based on. */
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

/** The evidence of a rollback: inference has loaded the version and proved it against its reference. */
export function buildLoadProof(rollout: Rollout): Judgement {
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
