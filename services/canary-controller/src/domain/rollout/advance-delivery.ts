import { type Evidence, RolloutStarted } from '@headrace/contracts';
import { decide } from './decide.js';
import { type Change, type Delivery } from './delivery.js';
import { judgeStep, type Judgement } from '../evidence/judge-step.js';
import { conclude, enterStep, newRollout, paused, proved, recorded, supersede } from './move-rollout.js';
import { percentOf, type Version } from './rollout.js';
import { type NamedPolicy } from '../policy/rollout-policy.js';
import { judgedStep, statement, traffic, type Statement, type Why } from './statements.js';

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
  if (!candidate.validated) {
    return prepend(started, conclude(cleared, rollout, 'rolled-back', gate, { ...why, reason: gate.reason }));
  }
  if (rollout.baseline === undefined) {
    return prepend(
      started,
      conclude(cleared, rollout, 'promoted', gate, {
        ...why,
        reason: 'the first version: it passed its validation and there is nothing to compare it with',
      }),
    );
  }
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
  if (rollout?.state !== 'preparing' || rollout.candidate.modelVersion !== modelVersion) {
    return { delivery: known, statements: [] };
  }
  if (rollout.kind === 'rollback') {
    return conclude(known, rollout, 'promoted', proved(rollout), { ...why, reason: rollout.reason });
  }
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

function prepend(first: Statement, change: Change): Change {
  return { delivery: change.delivery, statements: [first, ...change.statements] };
}
