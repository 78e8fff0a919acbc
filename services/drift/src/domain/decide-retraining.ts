import { type Evidence } from '@headrace/contracts';
import { type Verdict } from '@headrace/kernel';
import { type DriftPolicy } from './drift-policy.js';
import { type NewModelStage } from './new-model-progress.js';

export interface RetrainingCase {
  readonly now: Date;
  /** The confirmed shift: since which event time, in which columns. Undefined while none is confirmed. */
  readonly shift:
    { readonly since: Date; readonly what: string; readonly evidence: readonly Evidence[] } | undefined;
  /** The champion's last performance with enough labels. Undefined until there is one. */
  readonly performance:
    | { readonly verdict: Verdict; readonly windowEnd: Date; readonly evidence: readonly Evidence[] }
    | undefined;
  /** Readings fail their expectations or values are missing. A model trained on them would learn the fault. */
  readonly dataBroken: boolean;
  /** The times of earlier requests, oldest first. */
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
 * Decides whether a new model is worth its cost. What counts is harm, not change: degraded performance requests a model,
 * with or without a shift; a shift after which performance was measured and held is harmless; a shift without outcomes
 * waits for them, unless the policy says otherwise.
 *
 * A request is held while the data is broken; while a new model is in training or rollout, because a newer version would
 * restart the rollout again and again; during the cooldown; and when the daily budget is spent. A training or a rollout
 * is awaited until it ends. Between the two, and before them, a model can be lost without an event, so that it counts as
 * lost after `answerWithinSeconds` of silence.
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
