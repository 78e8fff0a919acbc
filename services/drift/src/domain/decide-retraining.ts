import { type Evidence } from '@headrace/contracts';
import { type Verdict } from '@headrace/kernel';
import { type DriftPolicy } from './drift-policy.js';
import { type NewModelStage } from './new-model-progress.js';

export interface RetrainingCase {
  readonly now: Date;
  /** A confirmed shift: since which event time, in what. Undefined: none is confirmed. */
  readonly shift:
    { readonly since: Date; readonly what: string; readonly evidence: readonly Evidence[] } | undefined;
  /** The champion's last performance with enough labels; undefined: none yet. */
  readonly performance:
    | { readonly verdict: Verdict; readonly windowEnd: Date; readonly evidence: readonly Evidence[] }
    | undefined;
  /** Readings fail their expectations or values went missing: a model learned from them would learn the fault. */
  readonly dataBroken: boolean;
  /** When retraining was requested before, oldest first. */
  readonly requestedBefore: readonly Date[];
  readonly newModel: NewModelStage;
}

export type RetrainingDecision =
  | { readonly action: 'request'; readonly reason: string; readonly evidence: readonly Evidence[] }
  | {
      readonly action: 'hold';
      readonly because:
        | 'nothing-moved'
        | 'harmless'
        | 'impact-unknown'
        | 'data-broken'
        | 'training'
        | 'rollout'
        | 'answer-pending'
        | 'cooldown'
        | 'budget';
    };

const DAY_MS = 86_400_000;

/**
 * Decides whether a new model is worth its price. The question is not whether the world moved but whether that hurts:
 * degraded performance asks for a model, with or without a shift; a shift after which performance was measured and held
 * is harmless; a shift without outcomes yet waits for them, unless the policy says otherwise. Then the brakes: broken
 * data first; then a new model that is on its way, because a newer version would restart its rollout, again and again;
 * cooldown; budget of a day. A training and a rollout are waited for until they end; only between the two, and before
 * them, a model can be lost without a fact, and after `answerWithinSeconds` of silence it counts as lost.
 */
export function decideRetraining(
  { now, shift, performance, dataBroken, requestedBefore, newModel }: RetrainingCase,
  policy: DriftPolicy['retraining'],
): RetrainingDecision {
  const hurts = performance?.verdict === 'degraded';
  if (!hurts && !shift) return { action: 'hold', because: 'nothing-moved' };
  if (!hurts && shift) {
    const heldSince = performance?.verdict === 'healthy' && performance.windowEnd > shift.since;
    if (heldSince) return { action: 'hold', because: 'harmless' };
    if (policy.whenImpactUnknown === 'hold') return { action: 'hold', because: 'impact-unknown' };
  }
  if (dataBroken) return { action: 'hold', because: 'data-broken' };
  if (newModel.stage === 'training' || newModel.stage === 'rollout') {
    return { action: 'hold', because: newModel.stage };
  }
  if (
    newModel.stage === 'handed-over' &&
    now.getTime() - newModel.since.getTime() < policy.answerWithinSeconds * 1000
  ) {
    return { action: 'hold', because: 'answer-pending' };
  }
  const last = requestedBefore.at(-1);
  if (last && now.getTime() - last.getTime() < policy.cooldownSeconds * 1000) {
    return { action: 'hold', because: 'cooldown' };
  }
  const today = requestedBefore.filter((time) => now.getTime() - time.getTime() < DAY_MS).length;
  if (today >= policy.perDay) return { action: 'hold', because: 'budget' };
  const reasons = [
    ...(hurts ? ['performance is degraded'] : []),
    ...(shift ? [`${shift.what} drifted`] : []),
    ...(hurts ? [] : ['impact unknown']),
  ];
  return {
    action: 'request',
    reason: reasons.join(', '),
    evidence: [...(performance?.evidence ?? []), ...(shift?.evidence ?? [])].slice(0, 50),
  };
}
