import { NotificationFailed, NotificationSent } from '@headrace/contracts';
import { Clock, describeError, deterministicId } from '@headrace/kernel';
import { eventOf } from '@headrace/messaging';
import { ServiceLogger } from '@headrace/service-host';
import { Injectable } from '@nestjs/common';
import { type Alert } from '../domain/alert.js';
import {
  decideNotification,
  type GroupState,
  type NotificationPolicy,
} from '../domain/decide-notification.js';
import { findSilences } from '../domain/silence.js';
import { AlertRepository, type Channel, Channels, GroupRepository, SilenceRepository } from './ports.js';

/** When a group is notified, and the labels by which alerts are grouped. */
export class NotificationSettings {
  constructor(
    readonly groupBy: readonly string[],
    readonly policy: NotificationPolicy,
  ) {}
}

/**
 * Sends every channel the notifications that are due. The state of a group is stored after the channel has accepted, so a
 * crash in between sends a notification twice and never loses it. A notification that fails is retried at the next call,
 * and each failure is emitted.
 */
@Injectable()
export class NotifyGroups {
  constructor(
    private readonly alerts: AlertRepository,
    private readonly silences: SilenceRepository,
    private readonly groups: GroupRepository,
    private readonly channels: Channels,
    private readonly settings: NotificationSettings,
    private readonly clock: Clock,
    private readonly logger: ServiceLogger,
  ) {}

  execute(): Promise<void> {
    return this.groups.runExclusively(async () => {
      const now = this.clock.now();
      const { repeatIntervalMs, groupIntervalMs } = this.settings.policy;
      const since = new Date(now.getTime() - 2 * (repeatIntervalMs + groupIntervalMs));
      const silences = await this.silences.findAll();
      const unsilenced = (await this.alerts.findCurrent(since)).filter(
        (alert) => findSilences(alert.labels, silences, now).length === 0,
      );
      for (const [group, alerts] of this.groupByLabels(unsilenced)) {
        for (const channel of this.channels.all) await this.notify(group, alerts, channel, now);
      }
    });
  }

  private async notify(group: string, alerts: readonly Alert[], channel: Channel, now: Date): Promise<void> {
    const stored = await this.groups.findState(group, channel.name);
    const state: GroupState = stored ?? {
      firstSeenAt: now,
      lastSentAt: undefined,
      notifiedFiring: [],
      failedAttempts: 0,
    };
    const due = decideNotification(state, alerts, this.settings.policy, now);
    if (due.kind === 'nothing') {
      if (stored === undefined && alerts.some((alert) => alert.endsAt === undefined)) {
        await this.groups.save(group, channel.name, state, []);
      }
      return;
    }
    const alertIds = [...due.firing, ...due.resolved].map((alert) => alert.alertId);
    const notificationId = deterministicId(
      'notification',
      group,
      channel.name,
      due.status,
      String(state.lastSentAt?.getTime() ?? 0),
      ...alertIds,
    );
    const groupLabels = Object.fromEntries(
      this.settings.groupBy.map((label) => [label, alerts[0]?.labels[label] ?? '']),
    );
    try {
      await channel.notify({
        notificationId,
        status: due.status,
        groupLabels,
        firing: due.firing,
        resolved: due.resolved,
      });
    } catch (error) {
      this.logger.warn(
        { channel: channel.name, alertIds },
        `Notification failed and is retried: ${describeError(error)}`,
      );
      const attempts = state.failedAttempts + 1;
      await this.groups.save(group, channel.name, { ...state, failedAttempts: attempts }, [
        eventOf(NotificationFailed, {
          id: deterministicId(notificationId, now.toISOString()),
          time: now,
          payload: {
            notificationId,
            channel: channel.name,
            alertIds,
            attempts,
            message: describeError(error),
            failedAt: now.toISOString(),
          },
          causationIds: alertIds,
        }),
      ]);
      return;
    }
    const sent = eventOf(NotificationSent, {
      id: notificationId,
      time: now,
      payload: {
        notificationId,
        channel: channel.name,
        alertIds,
        status: due.status,
        sentAt: now.toISOString(),
      },
      causationIds: alertIds,
    });
    await this.groups.save(
      group,
      channel.name,
      {
        ...state,
        failedAttempts: 0,
        lastSentAt: now,
        notifiedFiring: due.firing.map((alert) => alert.alertId),
      },
      [sent],
    );
    if (due.status === 'resolved') await this.groups.delete(group, channel.name);
  }

  private groupByLabels(alerts: readonly Alert[]): ReadonlyMap<string, readonly Alert[]> {
    const groups = new Map<string, Alert[]>();
    for (const alert of alerts) {
      const group = JSON.stringify(this.settings.groupBy.map((label) => alert.labels[label] ?? ''));
      const members = groups.get(group);
      if (members === undefined) groups.set(group, [alert]);
      else members.push(alert);
    }
    return groups;
  }
}
