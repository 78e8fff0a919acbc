import { RolloutPromoted, RolloutRolledBack } from '@headrace/contracts';
import { deterministicId } from '@headrace/kernel';
import { type Change, type Delivery } from './delivery.js';
import { judgeStep, type Judgement } from '../evidence/judge-step.js';
import { type NamedPolicy } from '../policy/rollout-policy.js';
import {
  isOver,
  percentOf,
  RolloutOverError,
  type DecisionRecord,
  type Rollout,
  type Version,
} from './rollout.js';
import { settledTraffic, statement, traffic, type Statement, type Why } from './statements.js';
import { nextStep, noStatistics } from '../evidence/step-statistics.js';

/** A rollout in its first state; nothing of it is stated yet. */
export function newRollout(
  delivery: Delivery,
  candidate: Version,
  { policy, version }: NamedPolicy,
  kind: Rollout['kind'],
  why: Why,
): Rollout {
  const now = why.now.toISOString();
  const { modelName } = delivery;
  const rollout: Rollout = {
    rolloutId: deterministicId('rollout', kind, modelName, String(candidate.modelVersion), now),
    kind,
    modelName,
    candidate,
    baseline: delivery.stable,
    policy,
    policyVersion: version,
    state: 'preparing',
    step: -1,
    startedAt: now,
    stepStartedAt: now,
    deadline: after(why.now, policy.prepareSeconds),
    holdsStated: 0,
    endedAt: undefined,
    reason: why.reason,
    statistics: noStatistics,
    decisions: [],
    causationIds: why.causationIds ?? [],
  };
  return recorded(rollout, 'start', undefined, why);
}

/** The next division of the traffic; its evidence is counted anew. */
export function enterStep(delivery: Delivery, rollout: Rollout, step: number, why: Why): Change {
  const entered: Rollout = {
    ...rollout,
    state: 'analysing',
    step,
    stepStartedAt: why.now.toISOString(),
    deadline: after(why.now, rollout.policy.longestStepSeconds),
    holdsStated: 0,
    statistics: nextStep(rollout.statistics),
  };
  return { delivery: { ...delivery, active: entered }, statements: [traffic(entered, why.reason, why)] };
}

export function paused(rollout: Rollout, judgement: Judgement, why: Why): Rollout {
  return {
    ...recorded(rollout, 'pause', judgement, why),
    state: 'paused',
    deadline: after(why.now, rollout.policy.pauseSeconds),
    reason: why.reason,
  };
}

/** Analysis goes on where it was paused, with a step and a deadline that begin now. */
export function resumed(rollout: Rollout, judgement: Judgement, why: Why): Rollout {
  return {
    ...recorded(rollout, 'resume', judgement, why),
    state: 'analysing',
    stepStartedAt: why.now.toISOString(),
    deadline: after(why.now, rollout.policy.longestStepSeconds),
    holdsStated: 0,
    statistics: nextStep(rollout.statistics),
  };
}

export function supersede(rollout: Rollout, by: Version, why: Why): Rollout {
  const reason = `version ${by.modelVersion} takes its place`;
  const judgement = judgeStep(rollout.statistics, rollout.policy, percentOf(rollout));
  return {
    ...recorded(rollout, 'supersede', judgement, { ...why, reason }),
    state: 'superseded',
    endedAt: why.now.toISOString(),
    reason,
  };
}

/** Ends a rollout: the pointer moves in the same change as the state, and the fact names all of the evidence. */
export function conclude(
  delivery: Delivery,
  rollout: Rollout,
  state: 'promoted' | 'rolled-back',
  { verdict, evidence }: Judgement,
  why: Why,
): Change {
  if (isOver(rollout)) throw new RolloutOverError(rollout.rolloutId, rollout.state);
  const over: Rollout = {
    ...recorded(rollout, state === 'promoted' ? 'promote' : 'roll-back', { verdict, evidence }, why),
    state,
    endedAt: why.now.toISOString(),
    reason: why.reason,
  };
  const { modelName, rolloutId, candidate, policyVersion } = rollout;
  const at = why.now.toISOString();
  const shared = { modelName, rolloutId, evidence: [...evidence], policyVersion, reason: why.reason };
  const ended = [...delivery.ended, over];
  if (state === 'rolled-back') {
    const rolledBack = statement(over, RolloutRolledBack, ['rolled-back'], why, {
      ...shared,
      modelVersion: candidate.modelVersion,
      restoredVersion: rollout.baseline?.modelVersion ?? null,
      rolledBackAt: at,
    });
    const back = settledTraffic(over, rollout.baseline, 'the canary was rolled back', why);
    return { delivery: { ...delivery, active: undefined, ended }, statements: [...back, rolledBack] };
  }
  const promoted = statement(over, RolloutPromoted, ['promoted'], why, {
    ...shared,
    modelVersion: candidate.modelVersion,
    previousVersion: rollout.baseline?.modelVersion ?? null,
    promotedAt: at,
  });
  const left: readonly Statement[] =
    rollout.kind === 'rollback' && rollout.baseline !== undefined
      ? [
          statement(over, RolloutRolledBack, ['left'], why, {
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
    statements: [...settledTraffic(over, candidate, why.reason, why), ...left, promoted],
  };
}

/** Every decision is kept with what was known when it was taken. */
export function recorded(
  rollout: Rollout,
  action: DecisionRecord['action'],
  judgement: Judgement | undefined,
  why: Why,
): Rollout {
  const record: DecisionRecord = {
    at: why.now.toISOString(),
    action,
    percent: percentOf(rollout),
    verdict: judgement?.verdict,
    reason: why.reason,
    actor: why.actor,
    evidence: judgement?.evidence ?? [],
  };
  return { ...rollout, decisions: [...rollout.decisions, record] };
}

/** Inference has proved the version against its reference: what a rollback stands on. */
export function proved(rollout: Rollout): Judgement {
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

function after(now: Date, seconds: number): string {
  return new Date(now.getTime() + seconds * 1000).toISOString();
}
