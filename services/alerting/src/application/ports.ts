import { type PendingEvent, type UnitOfWork } from '@headrace/messaging';
import { type Alert } from '../domain/alert.js';
import { type GroupState } from '../domain/decide-notification.js';
import { type Silence } from '../domain/silence.js';

/** Changes alerts. What is saved and what is emitted becomes durable together. */
export interface AlertUnitOfWork extends UnitOfWork {
  /** All open alerts, or those with one fingerprint. Locked until the unit of work ends. */
  findOpen(fingerprint?: string): Promise<readonly Alert[]>;
  findById(alertId: string): Promise<Alert | undefined>;
  save(alert: Alert): Promise<void>;
}

export abstract class AlertRepository {
  abstract change<T>(work: (alerts: AlertUnitOfWork) => Promise<T>): Promise<T>;
  /** Open alerts and those that ended after `since`. */
  abstract findCurrent(since: Date): Promise<readonly Alert[]>;
}

export abstract class SilenceRepository {
  abstract findAll(): Promise<readonly Silence[]>;
  abstract findById(id: string): Promise<Silence | undefined>;
  abstract save(silence: Silence): Promise<void>;
}

export interface Notification {
  readonly notificationId: string;
  readonly status: 'firing' | 'resolved';
  readonly groupLabels: Readonly<Record<string, string>>;
  readonly firing: readonly Alert[];
  readonly resolved: readonly Alert[];
}

/** Delivers notifications to people. Resolves when the receiver has accepted; after a rejection the notification is retried. */
export abstract class Channel {
  abstract readonly name: string;
  abstract notify(notification: Notification): Promise<void>;
}

/** The channels of this process. */
export class Channels {
  constructor(readonly all: readonly Channel[]) {}
}

/** What each channel was last notified of, by group. */
export abstract class GroupRepository {
  abstract findState(group: string, channel: string): Promise<GroupState | undefined>;
  abstract save(
    group: string,
    channel: string,
    state: GroupState,
    events: readonly PendingEvent[],
  ): Promise<void>;
  abstract delete(group: string, channel: string): Promise<void>;
  /** Runs `work` while no other process notifies; does nothing while one does. */
  abstract runExclusively(work: () => Promise<void>): Promise<void>;
}
