import { type EventDefinition, type PayloadOf, StepJudged, TrafficShifted } from '@headrace/contracts';
import { deterministicId } from '@headrace/kernel';
import { type Judgement } from '../evidence/judge-step.js';
import { percentOf, type Rollout, type Version } from './rollout.js';

/** Why a person gives a command, and who it is. */
export interface CommandReason {
  readonly reason: string;
  readonly actor?: string | undefined;
}

/** When and why a delivery changes, on whose command and because of which events. */
export interface ChangeContext extends CommandReason {
  readonly now: Date;
  readonly causationIds?: readonly string[];
}

/** An event that a change of a delivery emits. */
export interface RolloutEvent<Definition extends EventDefinition = EventDefinition> {
  readonly definition: Definition;
  readonly id: string;
  readonly payload: PayloadOf<Definition>;
  readonly causationIds: readonly string[];
  readonly correlationId: string;
  readonly actor: string | undefined;
}

export function buildStepJudged(
  rollout: Rollout,
  judgement: Judgement,
  action: 'advance' | 'hold' | 'roll-back' | 'promote',
  context: ChangeContext,
): RolloutEvent {
  return buildRolloutEvent(rollout, StepJudged, ['judged', context.now.toISOString()], context, {
    modelName: rollout.modelName,
    modelVersion: rollout.candidate.modelVersion,
    rolloutId: rollout.rolloutId,
    step: Math.max(0, rollout.step),
    percent: percentOf(rollout),
    verdict: judgement.verdict,
    action,
    evidence: [...judgement.evidence],
    policyVersion: rollout.policyVersion,
    judgedAt: context.now.toISOString(),
  });
}

/** The whole split of the traffic at once (seldon-core#5181): the baseline gets what the canary does not. */
export function buildTrafficShifted(rollout: Rollout, reason: string, context: ChangeContext): RolloutEvent {
  const percent = percentOf(rollout);
  const weights = [
    ...(rollout.baseline === undefined
      ? []
      : [{ ...toWeight(rollout.baseline), arm: 'baseline' as const, percent: 100 - percent }]),
    { ...toWeight(rollout.candidate), arm: 'canary' as const, percent },
  ];
  return buildRolloutEvent(
    rollout,
    TrafficShifted,
    ['traffic', String(rollout.step), context.now.toISOString()],
    context,
    {
      modelName: rollout.modelName,
      rolloutId: rollout.rolloutId,
      weights,
      shiftedAt: context.now.toISOString(),
      reason,
    },
  );
}

/** After a rollout one version gets all traffic. Without a version there is nothing to route to, and no event. */
export function buildTrafficSettled(
  rollout: Rollout,
  version: Version | undefined,
  reason: string,
  context: ChangeContext,
): readonly RolloutEvent[] {
  if (version === undefined) return [];
  return [
    buildRolloutEvent(rollout, TrafficShifted, ['traffic', 'settled'], context, {
      modelName: rollout.modelName,
      rolloutId: null,
      weights: [{ ...toWeight(version), arm: 'baseline', percent: 100 }],
      shiftedAt: context.now.toISOString(),
      reason,
    }),
  ];
}

function toWeight({ modelVersion, digest, artifactKey, featureNames }: Version) {
  return { modelVersion, digest, artifactKey, featureNames: [...featureNames] };
}

/** An event about a rollout. The same rollout and parts give the same id, so that a repeat is recognised. */
export function buildRolloutEvent<Definition extends EventDefinition>(
  rollout: Rollout,
  definition: Definition,
  parts: readonly string[],
  context: ChangeContext,
  payload: PayloadOf<Definition>,
): RolloutEvent<Definition> {
  return {
    definition,
    id: deterministicId(rollout.rolloutId, ...parts),
    payload,
    causationIds: context.causationIds ?? rollout.causationIds,
    correlationId: rollout.rolloutId,
    actor: context.actor,
  };
}
