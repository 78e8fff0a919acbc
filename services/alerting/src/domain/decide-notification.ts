import { type Alert } from './alert.js';

export interface NotificationPolicy {
  /** How long a new group waits for more alerts before people are told. */
  readonly groupWaitMs: number;
  /** The least time between two notifications of a group that changed. */
  readonly groupIntervalMs: number;
  /** After this time people are told again about a group that did not change and nobody took over. */
  readonly repeatIntervalMs: number;
}

/** What was last told about a group, kept across restarts. */
export interface GroupState {
  readonly firstSeenAt: Date;
  readonly lastSentAt: Date | undefined;
  /** Alert ids as last told. */
  readonly notifiedFiring: readonly string[];
}

export type NotificationDecision =
  | { readonly kind: 'nothing' }
  | {
      readonly kind: 'send';
      readonly status: 'firing' | 'resolved';
      readonly firing: readonly Alert[];
      readonly resolved: readonly Alert[];
    };

/**
 * Decides whether a group of alerts is due to be told. Told is: a new group after the wait, a changed group after the
 * interval, an unchanged one after the repeat interval unless every alert was taken over, and an end as soon as the
 * interval allows. `alerts` are those of the group that are open or were told as firing, without silenced ones.
 */
export function decideNotification(
  state: GroupState,
  alerts: readonly Alert[],
  policy: NotificationPolicy,
  now: Date,
): NotificationDecision {
  const firing = alerts.filter((alert) => alert.endsAt === undefined);
  const resolved = alerts.filter(
    (alert) => alert.endsAt !== undefined && state.notifiedFiring.includes(alert.alertId),
  );
  if (firing.length === 0 && resolved.length === 0) return { kind: 'nothing' };
  const send: NotificationDecision = {
    kind: 'send',
    status: firing.length > 0 ? 'firing' : 'resolved',
    firing,
    resolved,
  };

  if (state.lastSentAt === undefined) {
    return now.getTime() >= state.firstSeenAt.getTime() + policy.groupWaitMs ? send : { kind: 'nothing' };
  }
  const sinceMs = now.getTime() - state.lastSentAt.getTime();
  const changed =
    resolved.length > 0 || firing.some((alert) => !state.notifiedFiring.includes(alert.alertId));
  if (changed) return sinceMs >= policy.groupIntervalMs ? send : { kind: 'nothing' };
  if (firing.every((alert) => alert.acknowledgedBy !== undefined)) return { kind: 'nothing' };
  return sinceMs >= policy.repeatIntervalMs ? send : { kind: 'nothing' };
}
