import { AlertAcknowledged, AliasChanged, type EventDefinition } from '@headrace/contracts';
import { eventually } from '@headrace/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { EventPublisher, type NewEvent } from './events.js';
import { InvalidRecordError, MessagingUnavailableError } from './messaging-errors.js';
import { OutboxRelay } from './outbox-relay.js';
import { OutboxStore, toPendingEvent, toStoredEvent, type OutboxEntry } from './outbox-store.js';
import { eventOf, type PendingEvent } from './pending-event.js';

class MemoryOutbox extends OutboxStore {
  readonly entries: OutboxEntry[] = [];
  readonly published = new Set<string>();
  heldByAnother = false;

  add(fact: PendingEvent): void {
    this.entries.push({ sequence: String(this.entries.length + 1), fact: toStoredEvent(fact) });
  }

  async exclusively<T>(work: () => Promise<T>): Promise<T | undefined> {
    return this.heldByAnother ? undefined : work();
  }

  async pending(limit: number, after = '0'): Promise<readonly OutboxEntry[]> {
    return this.entries
      .filter(({ sequence }) => !this.published.has(sequence) && BigInt(sequence) > BigInt(after))
      .slice(0, limit);
  }

  async markPublished(sequences: readonly string[]): Promise<void> {
    for (const sequence of sequences) this.published.add(sequence);
  }
}

class ListPublisher extends EventPublisher {
  readonly ids: string[] = [];
  failure: (id: string) => Error | undefined = () => undefined;

  async publish<Definition extends EventDefinition>(
    _definition: Definition,
    facts: readonly NewEvent<Definition>[],
  ): Promise<void> {
    for (const { id } of facts) {
      const failure = this.failure(id);
      if (failure !== undefined) throw failure;
    }
    this.ids.push(...facts.map(({ id }) => id));
  }
}

const at = new Date('2026-11-23T10:00:00Z');

function acknowledged(id: string): PendingEvent {
  return eventOf(AlertAcknowledged, {
    id,
    time: at,
    causationIds: ['cause'],
    payload: { alertId: 'a', by: 'anna', at: at.toISOString() },
  });
}

function relayOf(store: MemoryOutbox, publisher: ListPublisher): OutboxRelay {
  const relay = new OutboxRelay({
    store,
    publisher,
    definitions: [AlertAcknowledged],
    sweepEveryMs: 60_000,
    firstBackoffMs: 1,
    lastBackoffMs: 2,
    batchSize: 2,
  });
  onTestFinished(() => relay.close());
  return relay;
}

describe('OutboxRelay', () => {
  it('publishes at start what an earlier process left behind, in order, and marks it', async () => {
    const [store, publisher] = [new MemoryOutbox(), new ListPublisher()];
    for (const id of ['1', '2', '3', '4', '5']) store.add(acknowledged(id));
    relayOf(store, publisher).start();
    await eventually(() => expect(store.published.size).toBe(5));
    expect(publisher.ids).toEqual(['1', '2', '3', '4', '5']);
  });

  it('publishes when it is notified, and once', async () => {
    const [store, publisher] = [new MemoryOutbox(), new ListPublisher()];
    const relay = relayOf(store, publisher);
    relay.start();
    for (const id of ['1', '2', '3']) {
      store.add(acknowledged(id));
      relay.notify();
    }
    await eventually(() => expect(store.published.size).toBe(3));
    expect(publisher.ids).toEqual(['1', '2', '3']);
  });

  it('keeps the order and tries again while the log is away', async () => {
    const [store, publisher] = [new MemoryOutbox(), new ListPublisher()];
    let away = 3;
    publisher.failure = (id) =>
      id === '2' && away-- > 0 ? new MessagingUnavailableError('away') : undefined;
    for (const id of ['1', '2', '3']) store.add(acknowledged(id));
    relayOf(store, publisher).start();
    await eventually(() => expect(store.published.size).toBe(3));
    expect(publisher.ids).toEqual(['1', '2', '3']);
  });

  it('steps over an entry that can never be published and leaves it where it is', async () => {
    const [store, publisher] = [new MemoryOutbox(), new ListPublisher()];
    publisher.failure = (id) => (id === '2' ? new InvalidRecordError('no') : undefined);
    store.add(acknowledged('1'));
    store.entries.push({
      sequence: '2',
      fact: { topic: AliasChanged.topic, id: 'x', time: at.toISOString(), payload: {} },
    });
    for (const id of ['2', '3']) store.add(acknowledged(id));
    relayOf(store, publisher).start();
    await eventually(async () => {
      expect(await store.pending(9)).toMatchObject([{ sequence: '2' }, { sequence: '3', fact: { id: '2' } }]);
    });
    expect(publisher.ids).toEqual(['1', '3']);
  });

  it('leaves the outbox alone while another process relays it', async () => {
    const [store, publisher] = [new MemoryOutbox(), new ListPublisher()];
    store.heldByAnother = true;
    store.add(acknowledged('1'));
    const relay = relayOf(store, publisher);
    relay.start();
    await relay.close();
    expect(publisher.ids).toEqual([]);
  });

  it('publishes what was committed before it closes', async () => {
    const [store, publisher] = [new MemoryOutbox(), new ListPublisher()];
    const relay = relayOf(store, publisher);
    relay.start();
    store.add(acknowledged('1'));
    await relay.close();
    expect(publisher.ids).toEqual(['1']);
  });
});

describe('a stored event', () => {
  it('is plain JSON and comes back as it was', () => {
    const fact = acknowledged('1');
    const stored = JSON.parse(JSON.stringify(toStoredEvent(fact))) as ReturnType<typeof toStoredEvent>;
    expect(toPendingEvent(stored, [AlertAcknowledged])).toEqual(fact);
  });

  it('is refused when it does not fit its schema, so that the transaction fails and not the relay', () => {
    const event = { ...acknowledged('1').event, payload: { alertId: '' } };
    expect(() => toStoredEvent({ definition: AlertAcknowledged, event })).toThrow(
      expect.objectContaining({ code: 'MESSAGING_FACT_INVALID' }),
    );
  });
});
