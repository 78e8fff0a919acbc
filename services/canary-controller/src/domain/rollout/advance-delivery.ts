import { type Evidence, RolloutStarted } from '@headrace/contracts';
import { type Declared } from '@headrace/kernel';
import { decide } from './decide.js';
import { type Change, type Delivery } from './delivery.js';
import { judgeStep, type Judgement } from '../evidence/judge-step.js';
import {
  conclude,
  enterStep,
  newRollout,
  pause,
  buildLoadProof,
  recordDecision,
  supersede,
} from './move-rollout.js';
import { percentOf, type Version } from './rollout.js';
import { type RolloutPolicy } from '../policy/rollout-policy.js';
import {
  buildStepJudged,
  buildRolloutEvent,
  buildTrafficShifted,
  type RolloutEvent,
  type ChangeContext,
} from './rollout-events.js';

/**
 * Starts the rollout of a version. A rollout in progress is superseded, because the newer version will serve
 * (flagger#30). Without a stable version there is nothing to compare with, and the validation gate decides.
 */
export function startRollout(
  delivery: Delivery,
  candidate: Version,
  policy: Declared<RolloutPolicy>,
  context: ChangeContext,
): Change {
  const superseded =
    delivery.active === undefined ? undefined : supersede(delivery.active, candidate, context);
  const cleared: Delivery = {
    ...delivery,
    active: undefined,
    ended: superseded === undefined ? delivery.ended : [...delivery.ended, superseded],
  };
  const rollout = newRollout(cleared, candidate, policy, 'canary', context);
  const started: RolloutEvent<typeof RolloutStarted> = buildRolloutEvent(
    rollout,
    RolloutStarted,
    ['started'],
    context,
    {
      modelName: rollout.modelName,
      modelVersion: candidate.modelVersion,
      rolloutId: rollout.rolloutId,
      baselineVersion: rollout.baseline?.modelVersion ?? null,
      steps: [...rollout.policy.steps],
      policyVersion: rollout.policyVersion,
      startedAt: context.now.toISOString(),
    },
  );
  const gate = judgeValidation(candidate);
  if (!candidate.validated) {
    return prepend(
      started,
      conclude(cleared, rollout, 'rolled-back', gate, { ...context, reason: gate.reason }),
    );
  }
  if (rollout.baseline === undefined) {
    return prepend(
      started,
      conclude(cleared, rollout, 'promoted', gate, {
        ...context,
        reason: 'the first version: it passed its validation and there is nothing to compare it with',
      }),
    );
  }
  return {
    delivery: { ...cleared, active: rollout },
    // 0 %: loaded and scored in the shadow, without traffic until it is ready (kserve#5983).
    events: [started, buildTrafficShifted(rollout, 'prepare the canary', context)],
  };
}

/** Inference has loaded a version: a rollout that waited for it proceeds. */
export function recordLoaded(delivery: Delivery, modelVersion: number, context: ChangeContext): Change {
  const loaded = [...new Set([...delivery.loaded, modelVersion])].slice(-20);
  const known: Delivery = { ...delivery, loaded };
  const rollout = delivery.active;
  if (rollout?.state !== 'preparing' || rollout.candidate.modelVersion !== modelVersion) {
    return { delivery: known, events: [] };
  }
  if (rollout.kind === 'rollback') {
    return conclude(known, rollout, 'promoted', buildLoadProof(rollout), {
      ...context,
      reason: rollout.reason,
    });
  }
  return enterStep(known, rollout, 0, { ...context, reason: 'the canary is loaded and proved' });
}

/** Inference could not load a version: it gets no traffic. Other versions are not affected. */
export function recordLoadFailure(
  delivery: Delivery,
  modelVersion: number,
  message: string,
  context: ChangeContext,
): Change {
  const known: Delivery = { ...delivery, loaded: delivery.loaded.filter((each) => each !== modelVersion) };
  const rollout = delivery.active;
  if (rollout?.candidate.modelVersion !== modelVersion) return { delivery: known, events: [] };
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
    { ...context, reason: `it could not be loaded: ${message}` },
  );
}

/** Judges the rollout in progress and carries out what `decide` returns. */
export function advanceDelivery(delivery: Delivery, now: Date): Change {
  const rollout = delivery.active;
  if (rollout === undefined) return { delivery, events: [] };
  const { policy } = rollout;
  const judgement = judgeStep(rollout.statistics, policy, percentOf(rollout));
  const decision = decide(rollout, judgement, policy, now);
  if (decision.action === 'wait') return { delivery, events: [] };
  const context: ChangeContext = { now, reason: decision.reason, causationIds: rollout.causationIds };
  const judged = buildStepJudged(
    rollout,
    judgement,
    decision.action === 'pause' ? 'hold' : decision.action,
    context,
  );
  switch (decision.action) {
    case 'hold':
      return {
        delivery: {
          ...delivery,
          active: recordDecision(
            { ...rollout, holdsStated: rollout.holdsStated + 1 },
            'hold',
            judgement,
            context,
          ),
        },
        events: [judged],
      };
    case 'advance':
      return prepend(
        judged,
        enterStep(
          delivery,
          recordDecision(rollout, 'advance', judgement, context),
          rollout.step + 1,
          context,
        ),
      );
    case 'pause':
      return prepend(judged, {
        delivery: { ...delivery, active: pause(rollout, judgement, context) },
        events: [],
      });
    case 'promote':
      return prepend(judged, conclude(delivery, rollout, 'promoted', judgement, context));
    case 'roll-back':
      return prepend(judged, conclude(delivery, rollout, 'rolled-back', judgement, context));
  }
}

function judgeValidation(candidate: Version): Judgement & { readonly reason: string } {
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

function prepend(first: RolloutEvent, change: Change): Change {
  return { delivery: change.delivery, events: [first, ...change.events] };
}
