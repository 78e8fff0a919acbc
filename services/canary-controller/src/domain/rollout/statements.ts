import { type EventDefinition, type PayloadOf, StepJudged, TrafficShifted } from '@headrace/contracts';
import { deterministicId } from '@headrace/kernel';
import { type Judgement } from '../evidence/judge-step.js';
import { percentOf, type Rollout, type Version } from './rollout.js';

/** When and why a delivery changes, who wanted it and what caused it. */
export interface Why {
  readonly now: Date;
  readonly reason: string;
  readonly actor?: string | undefined;
  readonly causationIds?: readonly string[];
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

export function judgedStep(
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
export function traffic(rollout: Rollout, reason: string, why: Why): Statement {
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
export function settledTraffic(
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

/** A fact about a rollout; told again it has the same id. */
export function statement<Definition extends EventDefinition>(
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
