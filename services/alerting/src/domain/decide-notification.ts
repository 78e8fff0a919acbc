import { type Alert } from './alert.js';

export interface NotificationPolicy {
  /** How long a new group waits for more alerts before its first notification. */
  readonly groupWaitMs: number;
  /** The minimum time between two notifications of a group that changed. */
  readonly groupIntervalMs: number;
  /** How long until the notification of an unchanged, unacknowledged group is repeated. */
  readonly repeatIntervalMs: number;
}

/** What the last notification of a group said, kept across restarts. */
export interface GroupState {
  readonly firstSeenAt: Date;
  readonly lastSentAt: Date | undefined;
  /** Ids of the alerts that the last notification reported as firing. */
  readonly notifiedFiring: readonly string[];
  /** How many attempts in a row have failed since the last notification that was delivered. */
  readonly failedAttempts: number;
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
 * Decides whether a notification of a group of alerts is due: for a new group after the wait, for a changed group
 * (an alert began or ended) after the interval, for an unchanged one after the repeat interval unless every alert is
 * acknowledged. `alerts` are the open and the recently ended alerts of the group, without silenced ones.
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
