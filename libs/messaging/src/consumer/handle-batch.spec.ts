import { ReadingAccepted } from '@headrace/contracts';
import { AppError } from '@headrace/kernel';
import { temporaryDirectory } from '@headrace/testing';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { BusEventPublisher } from '../bus-event-publisher.js';
import { openEmbeddedEventBus } from '../embedded/embedded-event-bus.js';
import { type EventBus, type IncomingRecord, type RecordBatch } from '../event-bus.js';
import { type ReceivedEvent, type NewEvent } from '../events.js';
import { MessagingUnavailableError } from '../messaging-errors.js';
import { topicSpecsOf } from '../topic-specs.js';
import { listDeadLetters } from './dead-letters.js';
import { handleBatch, type BatchHandler, type Handling } from './handle-batch.js';
import { noLog } from './messaging-log.js';
import { delayAfter } from './retry-policy.js';

const at = new Date('2026-11-23T10:00:00Z');
const count = 64;

class PoisonError extends AppError {
  readonly code = 'TEST_POISON';
  readonly kind = 'invalid';
}

function reading(number: number): NewEvent<typeof ReadingAccepted> {
  const time = at.toISOString();
  return {
    id: String(number),
    time: at,
    payload: { readingId: String(number), systemId: 'web-1', eventTime: time, knownTime: time, values: {} },
  };
}

/** A batch as an adapter hands it over, with what the runner made of it. */
class HandedBatch implements RecordBatch {
  readonly topic = ReadingAccepted.topic;
  readonly partition: number;
  readonly resolved: bigint[] = [];
  active = true;
  heartbeats = 0;

  constructor(readonly records: readonly IncomingRecord[]) {
    this.partition = records[0]?.partition ?? 0;
  }

  resolve(offset: bigint): void {
    this.resolved.push(offset);
  }

  heartbeat(): Promise<void> {
    this.heartbeats++;
    return Promise.resolve();
  }

  isActive(): boolean {
    return this.active;
  }
}

async function batchOf(bus: EventBus): Promise<HandedBatch> {
  const records: IncomingRecord[] = [];
  for await (const record of bus.read(ReadingAccepted.topic)) records.push(record);
  return new HandedBatch(records);
}

describe('handleBatch', () => {
  let bus: EventBus;
  const counted = { handled: 0, retried: 0, deadLettered: 0 };

  beforeEach(async () => {
    bus = await openEmbeddedEventBus(temporaryDirectory());
    onTestFinished(() => bus.close());
    await bus.provision(topicSpecsOf([ReadingAccepted]));
    await new BusEventPublisher(bus, 'ingestion').publish(
      ReadingAccepted,
      Array.from({ length: count }, (_, number) => reading(number)),
    );
    Object.assign(counted, { handled: 0, retried: 0, deadLettered: 0 });
  });

  function handling(...handlers: BatchHandler[]): Handling {
    return {
      bus,
      group: 'feature-store',
      definition: ReadingAccepted,
      handlers,
      retry: { maxAttempts: 3, firstDelayMs: 1, maxDelayMs: 2, factor: 2 },
      metrics: {
        handled: (_topic, facts) => void (counted.handled += facts),
        retried: () => {
          counted.retried++;
        },
        deadLettered: () => {
          counted.deadLettered++;
        },
        lag: () => undefined,
      },
      log: noLog,
      maxEventsPerCall: 1_000,
    };
  }

  function many(handle: (events: readonly ReceivedEvent[]) => void): BatchHandler {
    return {
      mode: 'many',
      handle: async (events) => {
        await Promise.resolve();
        handle(events);
      },
    };
  }

  it('finds one poison event among 64 in seven halvings and hands over the 63 others in order', async () => {
    let calls = 0;
    const seen: string[] = [];
    const batch = await batchOf(bus);
    await handleBatch(
      batch,
      handling(
        many((events) => {
          calls++;
          if (events.some(({ id }) => id === '40')) throw new PoisonError('forty');
          seen.push(...events.map(({ id }) => id));
        }),
      ),
    );
    expect(seen).toEqual(
      Array.from({ length: count }, (_, number) => String(number)).filter((id) => id !== '40'),
    );
    // The whole, then two halves at each of log2(64) = 6 levels.
    expect(calls).toBe(13);
    expect(counted).toEqual({ handled: 63, retried: 0, deadLettered: 1 });
    expect(batch.resolved.at(-1)).toBe(batch.records.at(-1)?.offset);
    await expect(listDeadLetters(bus, ReadingAccepted.topic, 'feature-store')).resolves.toMatchObject([
      { errorCode: 'TEST_POISON', original: { index: 40 } },
    ]);
  });

  it('tries a retryable error again and hands over everything once it passes', async () => {
    let failures = 2;
    const seen: string[] = [];
    const batch = await batchOf(bus);
    await handleBatch(
      batch,
      handling(
        many((events) => {
          if (failures-- > 0) throw new MessagingUnavailableError('database away');
          seen.push(...events.map(({ id }) => id));
        }),
      ),
    );
    expect(seen).toHaveLength(count);
    expect(counted).toEqual({ handled: count, retried: 2, deadLettered: 0 });
    expect(batch.heartbeats).toBeGreaterThan(0);
  });

  it('gives up on a retryable error after its attempts and says how many there were', async () => {
    const away: BatchHandler = {
      mode: 'one',
      handle: ({ id }) =>
        id === '5' ? Promise.reject(new MessagingUnavailableError('database away')) : Promise.resolve(),
    };
    await handleBatch(await batchOf(bus), handling(away));
    await expect(listDeadLetters(bus, ReadingAccepted.topic, 'feature-store')).resolves.toMatchObject([
      { errorCode: 'MESSAGING_UNAVAILABLE', attempts: 3, original: { index: 5 } },
    ]);
  });

  it('does not repeat one handler for the failure of another', async () => {
    let first = 0;
    let failures = 1;
    await handleBatch(
      await batchOf(bus),
      handling(
        many(() => {
          first++;
        }),
        many(() => {
          if (failures-- > 0) throw new MessagingUnavailableError('once');
        }),
      ),
    );
    expect(first).toBe(1);
  });

  it('leaves the batch for redelivery when its partition is taken away during a backoff', async () => {
    const batch = await batchOf(bus);
    const failing = many(() => {
      batch.active = false;
      throw new MessagingUnavailableError('database away');
    });
    await expect(handleBatch(batch, handling(failing))).rejects.toMatchObject({
      code: 'MESSAGING_PARTITION_REVOKED',
    });
    expect(batch.resolved).toEqual([]);
    await expect(listDeadLetters(bus, ReadingAccepted.topic, 'feature-store')).resolves.toEqual([]);
  });
});

describe('delayAfter', () => {
  it('doubles up to its limit and ends', () => {
    const policy = { maxAttempts: 5, firstDelayMs: 100, maxDelayMs: 500, factor: 2 };
    expect([1, 2, 3, 4, 5].map((attempt) => delayAfter(attempt, policy))).toEqual([
      100,
      200,
      400,
      500,
      undefined,
    ]);
  });
});
