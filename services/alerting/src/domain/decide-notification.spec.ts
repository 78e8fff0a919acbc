import { describe, expect, it } from 'vitest';
import { type Alert } from './alert.js';
import { decideNotification, type GroupState } from './decide-notification.js';

const policy = { groupWaitMs: 10_000, groupIntervalMs: 60_000, repeatIntervalMs: 3_600_000 };
const at = (seconds: number): Date => new Date(Date.UTC(2026, 10, 23, 10, 0, seconds));
const alert = (alertId: string, change: Partial<Alert> = {}): Alert => ({
  alertId,
  fingerprint: alertId,
  name: 'drift',
  severity: 'warning',
  labels: {},
  annotations: {},
  recommendations: [],
  startsAt: at(0),
  updatedAt: at(0),
  endsAt: undefined,
  acknowledgedBy: undefined,
  occurrences: 1,
  ...change,
});
const fresh: GroupState = {
  firstSeenAt: at(0),
  lastSentAt: undefined,
  notifiedFiring: [],
  failedAttempts: 0,
};
const notified: GroupState = {
  firstSeenAt: at(0),
  lastSentAt: at(10),
  notifiedFiring: ['a'],
  failedAttempts: 0,
};

describe('decideNotification', () => {
  it('waits for more alerts of a new group, then sends them together', () => {
    expect(decideNotification(fresh, [alert('a')], policy, at(9))).toEqual({ kind: 'nothing' });
    expect(decideNotification(fresh, [alert('a'), alert('b')], policy, at(10))).toMatchObject({
      status: 'firing',
      firing: [{ alertId: 'a' }, { alertId: 'b' }],
    });
  });

  it('sends a change once the interval has passed', () => {
    expect(decideNotification(notified, [alert('a'), alert('b')], policy, at(69))).toEqual({
      kind: 'nothing',
    });
    expect(decideNotification(notified, [alert('a'), alert('b')], policy, at(70))).toMatchObject({
      kind: 'send',
    });
  });

  it('sends the end of an alert that was notified, and not of one that never was', () => {
    const ended = { endsAt: at(30) };
    expect(decideNotification(notified, [alert('a', ended)], policy, at(70))).toMatchObject({
      status: 'resolved',
    });
    expect(decideNotification(fresh, [alert('a', ended)], policy, at(70))).toEqual({ kind: 'nothing' });
  });

  it('repeats an unacknowledged alert, and stops once it is acknowledged', () => {
    expect(decideNotification(notified, [alert('a')], policy, at(3609))).toEqual({ kind: 'nothing' });
    expect(decideNotification(notified, [alert('a')], policy, at(3610))).toMatchObject({ status: 'firing' });
    expect(decideNotification(notified, [alert('a', { acknowledgedBy: 'me' })], policy, at(9999))).toEqual({
      kind: 'nothing',
    });
  });
});
