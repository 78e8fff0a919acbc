import {
  type EventDefinition,
  type Evidence,
  type PayloadOf,
  RolloutPromoted,
  RolloutRolledBack,
  RolloutStarted,
  StepJudged,
  TrafficShifted,
} from '@headrace/contracts';
import { AppError, deterministicId } from '@headrace/kernel';
import { decide } from './decide.js';
import { judgeStep, type Judgement } from './judge-step.js';
import {
  isOver,
  percentOf,
  RolloutOverError,
  RolloutStateError,
  type DecisionRecord,
  type Rollout,
  type Version,
} from './rollout.js';
import { type NamedPolicy } from './rollout-policy.js';
import { nextStep, noStatistics } from './step-statistics.js';

/** Everything that is known about the delivery of one model: the unit that is locked, changed and stored. */
export interface Delivery {
  readonly modelName: string;
  /** Serves the traffic that no rollout has. */
  readonly stable: Version | undefined;
  /** Versions that served before, newest first; a rollback goes to the first. */
  readonly previous: readonly Version[];
  /** Versions that exist, by number. */
  readonly versions: Readonly<Record<string, Version>>;
  /** Versions that inference has proved it can serve. */
  readonly loaded: readonly number[];
  readonly active: Rollout | undefined;
  /** The rollout that has ended with this change; stored, then left out. */
  readonly ended: readonly Rollout[];
}

/** Something that a change of a delivery states. */
export interface Statement<Definition extends EventDefinition = EventDefinition> {
  readonly definition: Definition;
  readonly id: string;
  readonly payload: PayloadOf<Definition>;
  readonly causationIds: readonly string[];
  readonly correlationId: string;
  readonly actor: string | undefined;
}

export interface Change {
  readonly delivery: Delivery;
  readonly statements: readonly Statement[];
}

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

export function newDelivery(modelName: string): Delivery {
  return {
    modelName,
    stable: undefined,
    previous: [],
    versions: {},
    loaded: [],
    active: undefined,
    ended: [],
  };
}

interface Why {
  readonly now: Date;
  readonly reason: string;
  readonly actor?: string | undefined;
  readonly causationIds?: readonly string[];
}

/**
 * A version begins its way. A rollout that is on its way is superseded, because the newer version is what will serve
 * (flagger#30). Without a stable version there is nothing to compare with: the validation gate decides.
 */
export function startRollout(delivery: Delivery, candidate: Version, named: NamedPolicy, why: Why): Change {
  const superseded = delivery.active === undefined ? undefined : supersede(delivery.active, candidate, why);
  const cleared: Delivery = {
    ...delivery,
    active: undefined,
    ended: superseded === undefined ? delivery.ended : [...delivery.ended, superseded],
  };
  const rollout = newRollout(cleared, candidate, named, 'canary', why);
  const started: Statement<typeof RolloutStarted> = statement(rollout, RolloutStarted, ['started'], why, {
    modelName: rollout.modelName,
    modelVersion: candidate.modelVersion,
    rolloutId: rollout.rolloutId,
    baselineVersion: rollout.baseline?.modelVersion ?? null,
    steps: [...rollout.policy.steps],
    policyVersion: rollout.policyVersion,
    startedAt: why.now.toISOString(),
  });
  const gate = validationGate(candidate);
  if (!candidate.validated)
    return prepend(started, conclude(cleared, rollout, 'rolled-back', gate, { ...why, reason: gate.reason }));
  if (rollout.baseline === undefined)
    return prepend(
      started,
      conclude(cleared, rollout, 'promoted', gate, {
        ...why,
        reason: 'the first version: it passed its validation and there is nothing to compare it with',
      }),
    );
  return {
    delivery: { ...cleared, active: rollout },
    // 0 %: loaded and scored in the shadow, but without traffic until it is ready (kserve#5983).
    statements: [started, traffic(rollout, 'prepare the canary', why)],
  };
}

/** Inference serves a version now: a rollout that waited for it goes on. */
export function versionLoaded(delivery: Delivery, modelVersion: number, why: Why): Change {
  const loaded = [...new Set([...delivery.loaded, modelVersion])].slice(-20);
  const known: Delivery = { ...delivery, loaded };
  const rollout = delivery.active;
  if (rollout?.state !== 'preparing' || rollout.candidate.modelVersion !== modelVersion)
    return { delivery: known, statements: [] };
  if (rollout.kind === 'rollback')
    return conclude(known, rollout, 'promoted', proved(rollout), { ...why, reason: rollout.reason });
  return enterStep(known, rollout, 0, { ...why, reason: 'the canary is loaded and proved' });
}

/** Inference refused a version: it gets no traffic, and no other version is touched. */
export function versionRefused(delivery: Delivery, modelVersion: number, message: string, why: Why): Change {
  const known: Delivery = { ...delivery, loaded: delivery.loaded.filter((each) => each !== modelVersion) };
  const rollout = delivery.active;
  if (rollout?.candidate.modelVersion !== modelVersion) return { delivery: known, statements: [] };
  const evidence: readonly Evidence[] = [
    {
      criterion: 'loads',
      verdict: 'degraded',
      value: 0,
      threshold: 1,
      direction: 'at-least',
      sampleSize: 1,
      detail: message.slice(0, 500),
    },
  ];
  return conclude(
    known,
    rollout,
    'rolled-back',
    { verdict: 'degraded', evidence },
    { ...why, reason: `it could not be loaded: ${message}` },
  );
}

/** Looks at the rollout in progress and does what `decide` says. */
export function advance(delivery: Delivery, now: Date): Change {
  const rollout = delivery.active;
  if (rollout === undefined) return { delivery, statements: [] };
  const { policy } = rollout;
  const judgement = judgeStep(rollout.statistics, policy, percentOf(rollout));
  const decision = decide(rollout, judgement, policy, now);
  if (decision.action === 'wait') return { delivery, statements: [] };
  const why: Why = { now, reason: decision.reason, causationIds: rollout.causationIds };
  const judged = judgedStep(rollout, judgement, decision.action === 'pause' ? 'hold' : decision.action, why);
  switch (decision.action) {
    case 'hold':
      return {
        delivery: {
          ...delivery,
          active: recorded({ ...rollout, holdsStated: rollout.holdsStated + 1 }, 'hold', judgement, why),
        },
        statements: [judged],
      };
    case 'advance':
      return prepend(
        judged,
        enterStep(delivery, recorded(rollout, 'advance', judgement, why), rollout.step + 1, why),
      );
    case 'pause':
      return prepend(judged, {
        delivery: { ...delivery, active: paused(rollout, judgement, why) },
        statements: [],
      });
    case 'promote':
      return prepend(judged, conclude(delivery, rollout, 'promoted', judgement, why));
    case 'roll-back':
      return prepend(judged, conclude(delivery, rollout, 'rolled-back', judgement, why));
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
    case 'resume': {
      if (rollout.state !== 'paused') throw new RolloutStateError(rolloutId, rollout.state, 'be resumed');
      const resumed = recorded(rollout, 'resume', judgement, why);
      return {
        delivery: {
          ...delivery,
          active: {
            ...resumed,
            state: 'analysing',
            stepStartedAt: why.now.toISOString(),
            deadline: after(why.now, rollout.policy.longestStepSeconds),
            holdsStated: 0,
            statistics: nextStep(rollout.statistics),
          },
        },
        statements: [],
      };
    }
    case 'promote':
      // In any state, also while paused (argo-rollouts#2648); but never a version that inference has not loaded.
      if (rollout.state === 'preparing')
        throw new RolloutStateError(rolloutId, rollout.state, 'be promoted before inference has loaded it');
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
  if (delivery.active?.kind === 'canary' && toVersion === undefined && delivery.active.state !== 'preparing')
    return steer(delivery, delivery.active.rolloutId, 'abort', why);
  const target = toVersion === undefined ? delivery.previous[0] : delivery.versions[String(toVersion)];
  if (target === undefined) {
    if (toVersion !== undefined) throw new VersionUnknownError(delivery.modelName, toVersion);
    throw new NothingToRollBackError(delivery.modelName);
  }
  if (target.modelVersion === delivery.stable?.modelVersion)
    throw new NothingToRollBackError(delivery.modelName);
  const superseded = delivery.active === undefined ? [] : [supersede(delivery.active, target, why)];
  const cleared: Delivery = { ...delivery, active: undefined, ended: [...delivery.ended, ...superseded] };
  const rollout = newRollout(cleared, target, named, 'rollback', why);
  if (cleared.loaded.includes(target.modelVersion))
    return conclude(cleared, rollout, 'promoted', proved(rollout), why);
  return {
    delivery: { ...cleared, active: rollout },
    statements: [traffic(rollout, 'prepare the version to go back to', why)],
  };
}

function newRollout(
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

function enterStep(delivery: Delivery, rollout: Rollout, step: number, why: Why): Change {
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

function paused(rollout: Rollout, judgement: Judgement, why: Why): Rollout {
  return {
    ...recorded(rollout, 'pause', judgement, why),
    state: 'paused',
    deadline: after(why.now, rollout.policy.pauseSeconds),
    reason: why.reason,
  };
}

function supersede(rollout: Rollout, by: Version, why: Why): Rollout {
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
function conclude(
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

function recorded(
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

function validationGate(candidate: Version): Judgement & { readonly reason: string } {
  const verdict = candidate.validated ? 'healthy' : 'degraded';
  return {
    verdict,
    reason: candidate.validated ? 'it passed its validation' : 'it did not pass its validation',
    evidence: [
      {
        criterion: 'validation-gate',
        verdict,
        value: candidate.validated ? 1 : 0,
        threshold: 1,
        direction: 'at-least',
        sampleSize: 1,
        detail: 'the gate of the training run that made the version',
      },
    ],
  };
}

/** Inference has proved the version against its reference: what a rollback stands on. */
function proved(rollout: Rollout): Judgement {
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

function judgedStep(
  rollout: Rollout,
  judgement: Judgement,
  action: 'advance' | 'hold' | 'roll-back' | 'promote',
  why: Why,
): Statement {
  return statement(rollout, StepJudged, ['judged', why.now.toISOString()], why, {
    modelName: rollout.modelName,
    modelVersion: rollout.candidate.modelVersion,
    rolloutId: rollout.rolloutId,
    step: Math.max(0, rollout.step),
    percent: percentOf(rollout),
    verdict: judgement.verdict,
    action,
    evidence: [...judgement.evidence],
    policyVersion: rollout.policyVersion,
    judgedAt: why.now.toISOString(),
  });
}

/** The whole division at once (seldon-core#5181): what the canary does not have, the baseline has. */
function traffic(rollout: Rollout, reason: string, why: Why): Statement {
  const percent = percentOf(rollout);
  const weights = [
    ...(rollout.baseline === undefined
      ? []
      : [{ ...weightOf(rollout.baseline), arm: 'baseline' as const, percent: 100 - percent }]),
    { ...weightOf(rollout.candidate), arm: 'canary' as const, percent },
  ];
  return statement(rollout, TrafficShifted, ['traffic', String(rollout.step), why.now.toISOString()], why, {
    modelName: rollout.modelName,
    rolloutId: rollout.rolloutId,
    weights,
    shiftedAt: why.now.toISOString(),
    reason,
  });
}

/** After a rollout one version has everything; without one there is nobody to send traffic to. */
function settledTraffic(
  rollout: Rollout,
  version: Version | undefined,
  reason: string,
  why: Why,
): readonly Statement[] {
  if (version === undefined) return [];
  return [
    statement(rollout, TrafficShifted, ['traffic', 'settled'], why, {
      modelName: rollout.modelName,
      rolloutId: null,
      weights: [{ ...weightOf(version), arm: 'baseline', percent: 100 }],
      shiftedAt: why.now.toISOString(),
      reason,
    }),
  ];
}

function weightOf({ modelVersion, digest, artifactKey, featureNames }: Version) {
  return { modelVersion, digest, artifactKey, featureNames: [...featureNames] };
}

function statement<Definition extends EventDefinition>(
  rollout: Rollout,
  definition: Definition,
  parts: readonly string[],
  why: Why,
  payload: PayloadOf<Definition>,
): Statement<Definition> {
  return {
    definition,
    id: deterministicId(rollout.rolloutId, ...parts),
    payload,
    causationIds: why.causationIds ?? rollout.causationIds,
    correlationId: rollout.rolloutId,
    actor: why.actor,
  };
}

function prepend(first: Statement, change: Change): Change {
  return { delivery: change.delivery, statements: [first, ...change.statements] };
}

function after(now: Date, seconds: number): string {
  return new Date(now.getTime() + seconds * 1000).toISOString();
}
