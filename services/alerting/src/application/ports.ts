import { type PendingEvent } from '@headrace/messaging';
import { type Alert } from '../domain/alert.js';
import { type GroupState } from '../domain/decide-notification.js';
import { type Silence } from '../domain/silence.js';

/** What one unit of work sees of the alerts; all of it becomes durable together with the facts stated in it. */
export interface AlertUnitOfWork {
  /** Open alerts, all or those of one fingerprint. Locked until the work ends. */
  findOpen(fingerprint?: string): Promise<readonly Alert[]>;
  findById(alertId: string): Promise<Alert | undefined>;
  save(alert: Alert): Promise<void>;
  emit(...facts: readonly PendingEvent[]): Promise<void>;
  /** False when this event's effect is stored already. */
  claim(eventId: string): Promise<boolean>;
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

/** Tells people. Resolves when the other side has accepted; rejects otherwise, and the notification is tried again. */
export abstract class Channel {
  abstract readonly name: string;
  abstract notify(notification: Notification): Promise<void>;
}

/** What was told of each group on each channel. */
export abstract class GroupRepository {
  abstract findState(group: string, channel: string): Promise<GroupState | undefined>;
  abstract save(
    group: string,
    channel: string,
    state: GroupState,
    facts: readonly PendingEvent[],
  ): Promise<void>;
  abstract delete(group: string, channel: string): Promise<void>;
  /** Runs while no other process notifies. */
  abstract runExclusively(work: () => Promise<void>): Promise<void>;
}
