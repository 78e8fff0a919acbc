import { assertNever } from '@headrace/kernel';
import { type Judgement } from '../evidence/judge-step.js';
import { percentOf, type Rollout } from './rollout.js';
import { isNeeded, type RolloutPolicy } from '../policy/rollout-policy.js';

/** What happens to a rollout now. `wait`: nothing, and no event. */
export type Decision =
  | { readonly action: 'wait' }
  | { readonly action: 'hold'; readonly reason: string }
  | { readonly action: 'advance'; readonly reason: string }
  | { readonly action: 'promote'; readonly reason: string }
  | { readonly action: 'pause'; readonly reason: string }
  | { readonly action: 'roll-back'; readonly reason: string };

/**
 * Decides the next action of a rollout from its state, its evidence, its policy and the time. Pure and total: any state
 * at any time has exactly one decision, and every waiting state ends at its deadline.
 *
 * - Proved harm ends a rollout at once, even while it is paused or before its step is over.
 * - A step that has lasted long enough advances when it is healthy, and only then: silence never promotes.
 * - Insufficient evidence extends the step up to its deadline. There the policy decides between rollback and pause.
 *
 * `wait` is returned only before a deadline or after the end. An unknown state throws.
 */
export function decide(rollout: Rollout, judgement: Judgement, policy: RolloutPolicy, now: Date): Decision {
  // Negated so that an unparsable deadline counts as passed: a state without an end would wait for ever.
  const late = !(now.getTime() < new Date(rollout.deadline).getTime());
  switch (rollout.state) {
    case 'promoted':
    case 'rolled-back':
    case 'superseded':
      return { action: 'wait' };
    case 'preparing':
      return late
        ? { action: 'roll-back', reason: `the version was not loaded within ${policy.prepareSeconds} s` }
        : { action: 'wait' };
    case 'paused':
      if (judgement.verdict === 'degraded') return { action: 'roll-back', reason: describeHarm(judgement) };
      return late
        ? { action: 'roll-back', reason: `nobody resumed it within ${policy.pauseSeconds} s` }
        : { action: 'wait' };
    case 'analysing':
      return decideStep(rollout, judgement, policy, now, late);
    default:
      return assertNever(rollout.state);
  }
}

function decideStep(
  rollout: Rollout,
  judgement: Judgement,
  policy: RolloutPolicy,
  now: Date,
  late: boolean,
): Decision {
  if (judgement.verdict === 'degraded') return { action: 'roll-back', reason: describeHarm(judgement) };
  const seconds = (now.getTime() - new Date(rollout.stepStartedAt).getTime()) / 1000;
  const lasted = seconds >= policy.stepSeconds;
  if (!lasted && !late) return { action: 'wait' };
  if (lasted && judgement.verdict === 'healthy') {
    return rollout.step >= policy.steps.length - 1
      ? { action: 'promote', reason: 'every criterion held at every step' }
      : { action: 'advance', reason: 'every criterion that is needed at this step held' };
  }
  const missing = describeShortage(judgement, policy, percentOf(rollout));
  if (late) {
    return { action: policy.atDeadline, reason: `still ${judgement.verdict} at the deadline: ${missing}` };
  }
  // One event for each step length that it is held, not one for each tick.
  return Math.floor(seconds / policy.stepSeconds) > rollout.holdsStated
    ? { action: 'hold', reason: `${judgement.verdict}: ${missing}` }
    : { action: 'wait' };
}

function describeHarm(judgement: Judgement): string {
  return judgement.evidence
    .filter(({ verdict }) => verdict === 'degraded')
    .map(
      ({ criterion, value, threshold, direction, sampleSize }) =>
        `${criterion} is ${String(value)}, ${direction} ${threshold} is allowed (${sampleSize} rows)`,
    )
    .join('; ');
}

/** The criteria that are needed at this step and not proved. */
function describeShortage({ evidence }: Judgement, { criteria }: RolloutPolicy, percent: number): string {
  const needed = new Set<string>(
    criteria.filter((criterion) => isNeeded(criterion, percent)).map(({ metric }) => metric),
  );
  return evidence
    .filter(({ verdict }) => verdict === 'no-data' || verdict === 'inconclusive')
    .filter(({ criterion }) => needed.size === 0 || needed.has(criterion))
    .map(({ criterion, verdict, sampleSize }) => `${criterion} ${verdict} (${sampleSize} rows)`)
    .join(', ');
}
