import { type PendingEvent } from '@headrace/messaging';
import { type ServiceLogger } from '@headrace/service-host';
import { FakeClock } from '@headrace/testing';
import { describe, expect, it } from 'vitest';
import { type Alert } from '../domain/alert.js';
import { type GroupState } from '../domain/decide-notification.js';
import { NotificationSettings, NotifyGroups } from './notify-groups.js';
import { AlertRepository, Channel, Channels, GroupRepository, SilenceRepository } from './ports.js';

const silentLogger = { warn: () => undefined } as unknown as ServiceLogger;

function openAlert(startsAt: Date): Alert {
  return {
    alertId: 'a',
    fingerprint: 'a',
    name: 'disk_full',
    severity: 'critical',
    labels: {},
    annotations: {},
    recommendations: [],
    startsAt,
    updatedAt: startsAt,
    endsAt: undefined,
    acknowledgedBy: undefined,
    occurrences: 1,
  };
}

class OneAlert extends AlertRepository {
  constructor(private readonly alert: Alert) {
    super();
  }

  change(): Promise<never> {
    throw new Error('not used');
  }

  findCurrent(): Promise<readonly Alert[]> {
    return Promise.resolve([this.alert]);
  }
}

class NoSilences extends SilenceRepository {
  findAll(): Promise<readonly never[]> {
    return Promise.resolve([]);
  }

  findById(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  save(): Promise<void> {
    return Promise.resolve();
  }
}

class MemoryGroups extends GroupRepository {
  readonly events: PendingEvent[] = [];
  private readonly states = new Map<string, GroupState>();

  findState(group: string, channel: string): Promise<GroupState | undefined> {
    return Promise.resolve(this.states.get(`${group} ${channel}`));
  }

  save(group: string, channel: string, state: GroupState, events: readonly PendingEvent[]): Promise<void> {
    this.states.set(`${group} ${channel}`, state);
    this.events.push(...events);
    return Promise.resolve();
  }

  delete(group: string, channel: string): Promise<void> {
    this.states.delete(`${group} ${channel}`);
    return Promise.resolve();
  }

  runExclusively(work: () => Promise<void>): Promise<void> {
    return work();
  }
}

/** Accepts the notifications that `accepts` names by their number. */
class ScriptedChannel extends Channel {
  private calls = 0;

  constructor(
    readonly name: string,
    private readonly accepts: (call: number) => boolean,
  ) {
    super();
  }

  notify(): Promise<void> {
    this.calls += 1;
    return this.accepts(this.calls) ? Promise.resolve() : Promise.reject(new Error('refused'));
  }
}

describe('Notifying groups', () => {
  it('counts the failed attempts in a row of each channel, from one again after a delivery', async () => {
    const clock = new FakeClock();
    const groups = new MemoryGroups();
    const policy = { groupWaitMs: 0, groupIntervalMs: 0, repeatIntervalMs: 1000 };
    const notify = new NotifyGroups(
      new OneAlert(openAlert(clock.now())),
      new NoSilences(),
      groups,
      new Channels([
        new ScriptedChannel('flaky', (call) => call === 4),
        new ScriptedChannel('steady', () => true),
      ]),
      new NotificationSettings([], policy),
      clock,
      silentLogger,
    );
    for (let call = 0; call < 6; call += 1) {
      await notify.execute();
      clock.advance(1000);
    }
    const attempts = groups.events
      .map(({ event }) => event.payload as { channel: string; attempts?: number })
      .filter(({ channel }) => channel === 'flaky')
      .map((payload) => payload.attempts ?? 'sent');
    expect(attempts).toEqual([1, 2, 3, 'sent', 1, 2]);
  });
});
