import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { defineEvent, type EventDefinition } from '@headrace/contracts';
import { AppError } from '@headrace/kernel';
import { eventually } from '@headrace/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { BusEventPublisher } from '../bus-event-publisher.js';
import { listDeadLetters, redrive, showDeadLetter } from '../consumer/dead-letters.js';
import { handleBatch, type BatchHandler, type Handling } from '../consumer/handle-batch.js';
import { noLog } from '../consumer/messaging-log.js';
import { noMetrics } from '../consumer/messaging-metrics.js';
import { type EventBusConfig } from '../create-event-bus.js';
import { type EventBus, type IncomingRecord, type RecordBatch, type TopicSpec } from '../event-bus.js';
import { type ReceivedEvent, type NewEvent } from '../events.js';
import { partitionOfKey } from '../partition-of-key.js';
import { eventAt, findEvent, replay } from '../replay.js';
import { topicSpecsOf } from '../topic-specs.js';

/** What a suite needs to know of an adapter, besides the port. */
export interface EventBusUnderTest {
  /** How this and another process open the same log. */
  readonly config: EventBusConfig;
  /** Opens it; the suite closes it. */
  open(config: EventBusConfig): Promise<EventBus>;
  /** A configuration whose append buffer takes only so many bytes. */
  withBufferLimit(bytes: number): EventBusConfig;
  /** Makes compaction of a topic happen now, or soon. */
  compact(bus: EventBus, topic: string): Promise<void>;
  /** Topics whose compaction the adapter runs quickly for the suite. */
  prepareCompaction?(bus: EventBus, topic: string): Promise<void>;
}

/** Every adapter must pass this suite; a new guarantee starts life as a new case here. */
export function describeEventBus(adapter: string, create: () => EventBusUnderTest): void {
  describe(`${adapter} as EventBus`, () => {
    it('keeps the order of a key, also of appends that were not awaited', async () => {
      const { bus, topic } = await fixture(create(), { partitions: 4 });
      const keys = ['a', 'b', 'c', 'd', 'e'];
      const appends = numbers(500).map((number) =>
        bus.append([record(topic, keys[number % keys.length], String(number))]),
      );
      await Promise.all(appends);
      const records = await all(bus.read(topic));
      expect(records).toHaveLength(500);
      for (const key of keys) {
        const ofKey = records.filter((each) => each.key === key).map((each) => Number(textOf(each)));
        expect(ofKey).toEqual([...ofKey].sort((a, b) => a - b));
      }
    });

    it('places keys where Kafka clients look for them and says where records lie', async () => {
      const { bus, topic } = await fixture(create(), { partitions: 5 });
      const positions = await bus.append(numbers(20).map((number) => record(topic, `key-${number}`, 'x')));
      expect(positions.map(({ partition }) => partition)).toEqual(
        numbers(20).map((number) => partitionOfKey(`key-${number}`, 5)),
      );
      for (const [index, position] of positions.entries()) {
        expect((await bus.recordAt(position))?.key).toBe(`key-${index}`);
      }
      await expect(bus.append([{ ...record(topic, 'key-0', 'x'), partition: 4 }])).resolves.toMatchObject([
        { partition: 4 },
      ]);
    });

    it('carries bytes, headers and keys unchanged and shares no memory with the producer', async () => {
      const { bus, topic } = await fixture(create());
      const value = Buffer.from([0, 255, 128, 10]);
      await bus.append([{ topic, key: 'ключ', value, headers: { ünïcode: '☃', empty: '' } }]);
      value.fill(7);
      const [received] = await all(bus.read(topic));
      expect(received?.key).toBe('ключ');
      expect(received?.headers).toEqual({ ünïcode: '☃', empty: '' });
      expect([...(received?.value ?? [])]).toEqual([0, 255, 128, 10]);
    });

    it('rejects what it cannot store: an unknown topic, a partition that is not there, a record too large', async () => {
      const { bus, topic } = await fixture(create());
      await expect(bus.append([record(`${topic}-other`, 'k', 'x')])).rejects.toMatchObject({
        code: 'MESSAGING_TOPIC_UNKNOWN',
      });
      await expect(bus.append([{ ...record(topic, 'k', 'x'), partition: 9 }])).rejects.toMatchObject({
        kind: 'invalid',
      });
      await expect(
        bus.append([{ ...record(topic, 'k', 'x'), value: Buffer.alloc(2_000_000) }]),
      ).rejects.toMatchObject({ kind: 'too-large' });
      await bus.append([record(topic, 'k', 'still works')]);
      expect((await all(bus.read(topic))).map(textOf)).toEqual(['still works']);
    });

    it('provisions again without harm and adds partitions', async () => {
      const { bus, topic } = await fixture(create(), { partitions: 1 });
      await bus.append([record(topic, 'k', 'kept')]);
      await Promise.all([bus.provision([spec(topic, { partitions: 3 })]), bus.provision([spec(topic)])]);
      await eventually(async () => expect(await bus.partitionCount(topic)).toBe(3));
      expect((await all(bus.read(topic))).map(textOf)).toEqual(['kept']);
      expect(await bus.topics()).toContain(topic);
    });

    it('delivers to every group, each with its own place', async () => {
      const { bus, topic } = await fixture(create());
      await append(bus, topic, 10);
      const [one, two] = [collector(), collector()];
      await consume(bus, topic, one.handle);
      await consume(bus, topic, two.handle);
      await eventually(() => expect([one.texts(), two.texts()]).toEqual([texts(10), texts(10)]));
    });

    it('hands out bounded batches, one of a partition at a time', async () => {
      const { bus, topic } = await fixture(create(), { partitions: 2 });
      await bus.append(numbers(100).map((number) => record(topic, `k${number}`, String(number))));
      const inFlight = new Map<number, number>();
      const sizes: number[] = [];
      let most = 0;
      let seen = 0;
      await consume(
        bus,
        topic,
        async ({ partition, records }) => {
          inFlight.set(partition, (inFlight.get(partition) ?? 0) + 1);
          most = Math.max(most, inFlight.get(partition) ?? 0);
          sizes.push(records.length);
          await turn();
          inFlight.set(partition, (inFlight.get(partition) ?? 0) - 1);
          seen += records.length;
        },
        { maxRecordsPerBatch: 7, concurrency: 2 },
      );
      await eventually(() => expect(seen).toBe(100));
      expect(most).toBe(1);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(7);
    });

    it('stops fetching while a handler is slow', async () => {
      const { bus, topic } = await fixture(create());
      await append(bus, topic, 200);
      const gate = deferred();
      let handed = 0;
      await consume(
        bus,
        topic,
        async ({ records }) => {
          handed += records.length;
          await gate.promise;
        },
        { maxRecordsPerBatch: 10 },
      );
      await eventually(() => expect(handed).toBe(10));
      await append(bus, topic, 50);
      expect(handed).toBe(10);
      gate.resolve();
      await eventually(() => expect(handed).toBe(250));
    });

    it('delivers again what a handler rejected, in order', async () => {
      const { bus, topic } = await fixture(create());
      await append(bus, topic, 5);
      const seen: string[][] = [];
      await consume(bus, topic, async ({ records }) => {
        seen.push(records.map(textOf));
        await turn();
        if (seen.length <= 2) throw new Error('not yet');
      });
      await eventually(() => expect(seen.length).toBeGreaterThanOrEqual(3));
      expect(seen[0]?.[0]).toBe('0');
      expect(seen[1]?.[0]).toBe('0');
      await eventually(() => expect(seen.slice(2).flat()).toEqual(texts(5)));
    });

    it('keeps what was resolved before the handler failed', async () => {
      const { bus, topic } = await fixture(create());
      await append(bus, topic, 4);
      const seen: string[][] = [];
      await consume(bus, topic, async (batch) => {
        seen.push(batch.records.map(textOf));
        await turn();
        if (seen.length > 1) return;
        const second = batch.records[1];
        if (second !== undefined) batch.resolve(second.offset);
        throw new Error('after two');
      });
      await eventually(() => expect(seen.slice(1).flat()).toEqual(['2', '3']));
    });

    it('resumes a group where it stopped, in another instance', async () => {
      const subject = create();
      const { bus, topic } = await fixture(subject);
      const group = name('group');
      await append(bus, topic, 5);
      const before = collector();
      const consumer = await bus.consume({ group, topics: [topic] }, before.handle);
      await eventually(() => expect(before.texts()).toEqual(texts(5)));
      await consumer.close();
      expect((await bus.positions(group, [topic])).map(({ lag, committed }) => [lag, committed])).toEqual([
        [0n, 5n],
      ]);
      await bus.close();
      const again = await reopened(subject);
      await again.append([record(topic, 'k', 'new')]);
      const after = collector();
      await consume(again, topic, after.handle, { group });
      await eventually(() => expect(after.texts()).toEqual(['new']));
    });

    it('begins at the end for a group that asks for it', async () => {
      const { bus, topic } = await fixture(create());
      await append(bus, topic, 3);
      const seen = collector();
      await consume(bus, topic, seen.handle, { from: 'latest' });
      await eventually(async () => {
        await bus.append([record(topic, 'k', 'late')]);
        expect(seen.texts()).toContain('late');
      });
      expect(seen.texts()).not.toContain('0');
    });

    it('has every acknowledged record after kill -9 of the process that appended it', async () => {
      const subject = create();
      const { bus, topic } = await fixture(subject);
      await bus.close();
      const acknowledged = await killedAfter(subject.config, { mode: 'append', topic, group: '' }, 200);
      const again = await reopened(subject);
      const stored = (await all(again.read(topic))).map(textOf);
      expect(stored.slice(0, acknowledged.length)).toEqual(acknowledged);
      // At most the one that was on its way was stored without being acknowledged.
      expect(stored.length - acknowledged.length).toBeLessThanOrEqual(1);
    });

    it('continues after kill -9 of a consumer: nothing is lost, little comes twice', async () => {
      const subject = create();
      const { bus, topic } = await fixture(subject);
      await append(bus, topic, 300);
      await bus.close();
      const group = name('group');
      const handled = await killedAfter(subject.config, { mode: 'consume', topic, group }, 100);
      const again = await reopened(subject);
      const rest = collector();
      await consume(again, topic, rest.handle, { group });
      await eventually(() => expect(rest.texts().at(-1)).toBe('299'));
      expect(new Set([...handled, ...rest.texts()]).size).toBe(300);
      expect(rest.texts()).toEqual([...rest.texts()].sort((a, b) => Number(a) - Number(b)));
    });

    it('divides the partitions among the members of a group and re-divides when one leaves', async () => {
      const { bus, topic } = await fixture(create(), { partitions: 4 });
      const group = name('group');
      const [one, two] = [collector(), collector()];
      await consume(bus, topic, one.handle, { group });
      const second = await bus.consume({ group, topics: [topic] }, two.handle);
      let sent = 0;
      const send = async (): Promise<void> => {
        const batch = numbers(20).map((number) => record(topic, `k${number}`, String(sent++)));
        await bus.append(batch);
      };
      await eventually(async () => {
        await send();
        expect(new Set(one.partitions()).size).toBeGreaterThan(0);
        expect(new Set(two.partitions()).size).toBeGreaterThan(0);
      });
      await eventually(() => expect(new Set([...one.texts(), ...two.texts()]).size).toBe(sent));
      await second.close();
      const before = sent;
      await send();
      await eventually(() => {
        const late = one.texts().filter((text) => Number(text) >= before);
        expect(new Set(late).size).toBe(sent - before);
      });
    });

    it('pauses and resumes topics', async () => {
      const { bus, topic } = await fixture(create());
      const other = name('topic');
      await bus.provision([spec(other)]);
      const seen = collector();
      const consumer = await bus.consume({ group: name('group'), topics: [topic, other] }, seen.handle);
      onTestFinished(() => consumer.close());
      await bus.append([record(topic, 'k', 'before')]);
      await eventually(() => expect(seen.texts()).toEqual(['before']));
      consumer.pause([topic]);
      await bus.append([record(topic, 'k', 'paused')]);
      await bus.append([record(other, 'k', 'passes')]);
      await eventually(() => expect(seen.texts()).toContain('passes'));
      expect(seen.texts()).not.toContain('paused');
      consumer.resume([topic]);
      await eventually(() => expect(seen.texts()).toContain('paused'));
    });

    it('rejects appends beyond its buffer with a retryable error and takes them again later', async () => {
      const subject = create();
      const { bus: first, topic } = await fixture(subject);
      await first.close();
      const bus = await reopened(subject, subject.withBufferLimit(50_000));
      const appends = numbers(100).map(() =>
        bus.append([{ ...record(topic, 'k', ''), value: Buffer.alloc(1_000) }]).then(
          () => 'stored',
          (error: unknown) => (error instanceof AppError && error.retryable ? error.code : error),
        ),
      );
      const outcomes = await Promise.all(appends);
      expect(new Set(outcomes)).toEqual(new Set(['stored', 'MESSAGING_BUFFER_FULL']));
      await bus.append([record(topic, 'k', 'later')]);
      const stored = outcomes.filter((outcome) => outcome === 'stored').length;
      expect(await all(bus.read(topic))).toHaveLength(stored + 1);
    });

    it('reads from a time, from offsets and up to the end at the call', async () => {
      const { bus, topic } = await fixture(create());
      await append(bus, topic, 3);
      await turn(20);
      const middle = new Date();
      await turn(20);
      const [fourth] = await bus.append([record(topic, 'k', '3')]);
      await bus.append([record(topic, 'k', '4')]);
      expect((await all(bus.read(topic, { time: middle }))).map(textOf)).toEqual(['3', '4']);
      expect((await all(bus.read(topic, { time: new Date(Date.now() + 60_000) }))).map(textOf)).toEqual([]);
      const offsets = new Map([[0, fourth?.offset ?? 0n]]);
      expect((await all(bus.read(topic, { offsets }))).map(textOf)).toEqual(['3', '4']);
      await expect(bus.recordAt({ topic, partition: 0, offset: 99n })).resolves.toBeUndefined();
    });

    it('moves a group to a time', async () => {
      const { bus, topic } = await fixture(create());
      await append(bus, topic, 3);
      await turn(20);
      const middle = new Date();
      await turn(20);
      await bus.append([record(topic, 'k', '3'), record(topic, 'k', '4')]);
      const seen = collector();
      const consumer = await bus.consume({ group: name('group'), topics: [topic] }, seen.handle);
      onTestFinished(() => consumer.close());
      await eventually(() => expect(seen.texts()).toEqual(texts(5)));
      await consumer.seekToTime(topic, middle);
      await eventually(() => expect(seen.texts()).toEqual([...texts(5), '3', '4']));
    });

    it('keeps at least the newest record of each key of a compacted topic', async () => {
      const subject = create();
      const { bus, topic } = await fixture(subject, { cleanup: 'compact' });
      await subject.prepareCompaction?.(bus, topic);
      await expect(bus.append([record(topic, undefined, 'x')])).rejects.toMatchObject({ kind: 'invalid' });
      for (const number of numbers(20)) {
        await bus.append([record(topic, `k${number % 2}`, String(number))]);
      }
      await subject.compact(bus, topic);
      await eventually(
        async () => {
          const left = await all(bus.read(topic));
          expect(left.length).toBeLessThan(20);
          const newest = new Map(left.map((each) => [each.key, textOf(each)]));
          expect([newest.get('k0'), newest.get('k1')]).toEqual(['18', '19']);
          expect(left.find((each) => textOf(each) === '19')?.offset).toBe(19n);
        },
        { timeoutMs: 90_000, everyMs: 200 },
      );
      await bus.append([record(topic, 'k2', 'after')]);
      const seen = collector();
      await consume(bus, topic, seen.handle);
      await eventually(() => expect(seen.texts()).toContain('after'));
    });

    it('finishes and commits what is in flight before it closes', async () => {
      const { bus, topic } = await fixture(create());
      const group = name('group');
      await append(bus, topic, 3);
      const gate = deferred();
      const started = deferred();
      let finished = false;
      const consumer = await bus.consume({ group, topics: [topic] }, async () => {
        started.resolve();
        await gate.promise;
        finished = true;
      });
      await started.promise;
      const closing = consumer.close();
      gate.resolve();
      await closing;
      expect(finished).toBe(true);
      const [position] = await bus.positions(group, [topic]);
      expect(position).toMatchObject({ committed: 3n, lag: 0n });
    });

    it('buries a poison event with its reason, handles its neighbours, and re-drives it', async () => {
      const { bus } = await fixture(create());
      const definition = noteEvent({ maxEventsPerRecord: 50 });
      await bus.provision(topicSpecsOf([definition]));
      const group = 'readers';
      await new BusEventPublisher(bus, 'contract').publish(definition, numbers(50).map(noteOf));
      let poisonous = true;
      const seen: string[] = [];
      const many: BatchHandler = {
        mode: 'many',
        handle: async (events) => {
          await turn();
          const ids = events.map(({ id }) => id);
          if (poisonous && ids.includes('note-17')) throw new PoisonError('seventeen');
          seen.push(...ids);
        },
      };
      await consumeEvents(bus, definition, group, [many]);
      await eventually(() => expect(new Set(seen).size).toBe(49));
      const letters = await eventually(async () => {
        const found = await listDeadLetters(bus, definition.topic, group);
        expect(found).toHaveLength(1);
        return found;
      });
      expect(letters[0]).toMatchObject({
        errorCode: 'CONTRACT_POISON',
        message: 'seventeen',
        original: { topic: definition.topic, index: expect.any(Number) as number },
      });
      const position = letters[0]?.position ?? { partition: 0, offset: 0n };
      await expect(showDeadLetter(bus, definition.topic, group, position)).resolves.toMatchObject({ group });
      poisonous = false;
      await redrive(bus, definition, group, letters);
      await eventually(() => expect(seen).toContain('note-17'));
      await eventually(async () => expect(await listDeadLetters(bus, definition.topic, group)).toEqual([]));
      // The repeat is for that group only.
      expect(await all(replay(bus, definition))).toHaveLength(50);
    });

    it('buries events that do not fit their schema alone, and records that cannot be read', async () => {
      const { bus } = await fixture(create());
      const definition = noteEvent({ maxEventsPerRecord: 1 });
      await bus.provision(topicSpecsOf([definition]));
      const headers = {
        'content-type': 'application/json',
        ce_specversion: '1.0',
        ce_id: 'bad',
        ce_source: 'contract',
        ce_type: definition.type,
      };
      await bus.append([
        { topic: definition.topic, key: 'k', value: Buffer.from('{"key":1}'), headers },
        { topic: definition.topic, key: 'k', value: Buffer.from('not JSON'), headers },
      ]);
      await new BusEventPublisher(bus, 'contract').publish(definition, [noteOf(1)]);
      const seen: string[] = [];
      const handler: BatchHandler = {
        mode: 'one',
        handle: async ({ id }) => {
          await turn();
          seen.push(id);
        },
      };
      await consumeEvents(bus, definition, 'readers', [handler]);
      await eventually(() => expect(seen).toEqual(['note-1']));
      await eventually(async () => {
        const letters = await listDeadLetters(bus, definition.topic, 'readers');
        expect(letters.map(({ errorCode }) => errorCode)).toEqual([
          'MESSAGING_FACT_INVALID',
          'MESSAGING_RECORD_UNREADABLE',
        ]);
      });
    });

    it('finds an event of a batch by its id and by its position', async () => {
      const { bus } = await fixture(create());
      const definition = noteEvent({ maxEventsPerRecord: 20 });
      await bus.provision(topicSpecsOf([definition]));
      await new BusEventPublisher(bus, 'contract').publish(definition, numbers(60).map(noteOf));
      const found = await findEvent(bus, definition, 'note-33');
      expect(found?.payload).toEqual({ key: 'k3', text: 'note 33' });
      const position = found?.position;
      if (position === undefined) throw new Error('the event has no position');
      const again: ReceivedEvent<Note> | undefined = await eventAt(bus, definition, position);
      expect(again?.id).toBe('note-33');
    });

    it('answers its check while it is open and not afterwards', async () => {
      const { bus } = await fixture(create());
      await expect(bus.check()).resolves.toBeUndefined();
      await bus.close();
      await expect(bus.check()).rejects.toMatchObject({ code: 'MESSAGING_CLOSED' });
      await expect(bus.append([record('x', 'k', 'x')])).rejects.toMatchObject({ code: 'MESSAGING_CLOSED' });
    });
  });
}

class PoisonError extends AppError {
  readonly code = 'CONTRACT_POISON';
  readonly kind = 'invalid';
}

const notePayload = z.object({ key: z.string(), text: z.string() });
type Note = EventDefinition<typeof notePayload>;

function noteEvent({ maxEventsPerRecord }: { maxEventsPerRecord: number }): Note {
  return defineEvent({
    type: 'headrace.contract.note',
    topic: name('notes'),
    owner: 'ingestion',
    summary: 'A note of the contract suite.',
    payload: notePayload,
    keyOf: ({ key }) => key,
    partitions: 2,
    maxEventsPerRecord,
  });
}

function noteOf(number: number): NewEvent<Note> {
  return {
    id: `note-${number}`,
    time: new Date('2026-11-23T10:00:00Z'),
    payload: { key: `k${number % 10}`, text: `note ${number}` },
  };
}

async function consumeEvents(
  bus: EventBus,
  definition: EventDefinition,
  group: string,
  handlers: readonly BatchHandler[],
): Promise<void> {
  const retry = { maxAttempts: 2, firstDelayMs: 1, maxDelayMs: 1, factor: 1 };
  const handling: Handling = {
    bus,
    group,
    definition,
    handlers,
    retry,
    metrics: noMetrics,
    log: noLog,
    maxEventsPerCall: 100,
  };
  await consume(bus, definition.topic, (batch) => handleBatch(batch, handling), { group });
}

async function fixture(
  subject: EventBusUnderTest,
  options: Partial<TopicSpec> = {},
): Promise<{ bus: EventBus; topic: string }> {
  const bus = await reopened(subject);
  const topic = name('topic');
  await bus.provision([spec(topic, options)]);
  return { bus, topic };
}

async function reopened(subject: EventBusUnderTest, config = subject.config): Promise<EventBus> {
  const bus = await subject.open(config);
  onTestFinished(() => bus.close());
  return bus;
}

async function consume(
  bus: EventBus,
  topic: string,
  handle: (batch: RecordBatch) => Promise<void>,
  options: {
    group?: string;
    maxRecordsPerBatch?: number;
    concurrency?: number;
    from?: 'earliest' | 'latest';
  } = {},
): Promise<void> {
  const consumer = await bus.consume({ group: name('group'), topics: [topic], ...options }, handle);
  onTestFinished(() => consumer.close());
}

/** Runs a child, kills it without warning when it has printed so many lines, and answers all that it printed. */
async function killedAfter(
  config: EventBusConfig,
  task: { mode: 'append' | 'consume'; topic: string; group: string },
  lines: number,
): Promise<string[]> {
  const compiled = fileURLToPath(import.meta.url)
    .replace(/([\\/])src([\\/]testing[\\/])/, '$1dist$2')
    .replace(/event-bus\.contract\.(ts|js)$/, 'bus-child.js');
  const child = spawn(process.execPath, [compiled, JSON.stringify({ config, ...task })], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stderr.on('data', (data: Buffer) => (errors += data.toString()));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  child.stdout.on('data', (data: Buffer) => {
    output += data.toString();
    if (output.split('\n').length > lines) child.kill('SIGKILL');
  });
  const impatience = setTimeout(() => child.kill('SIGKILL'), 150_000);
  await ended;
  clearTimeout(impatience);
  // The last line may be cut off.
  const printed = output
    .slice(0, output.lastIndexOf('\n') + 1)
    .split('\n')
    .slice(0, -1);
  if (printed.length < lines) {
    throw new Error(`The child printed ${printed.length} lines and then: ${errors}`);
  }
  return printed;
}

function collector(): {
  handle: (batch: RecordBatch) => Promise<void>;
  texts: () => string[];
  partitions: () => number[];
} {
  const records: IncomingRecord[] = [];
  return {
    handle: async (batch) => {
      await turn();
      records.push(...batch.records);
    },
    texts: () => records.map(textOf),
    partitions: () => records.map(({ partition }) => partition),
  };
}

async function append(bus: EventBus, topic: string, count: number): Promise<void> {
  await bus.append(numbers(count).map((number) => record(topic, 'k', String(number))));
}

function record(topic: string, key: string | undefined, text: string) {
  return { topic, key, value: Buffer.from(text), headers: {} };
}

function spec(topic: string, options: Partial<TopicSpec> = {}): TopicSpec {
  return { name: topic, partitions: 1, retentionDays: undefined, cleanup: 'delete', ...options };
}

function name(what: string): string {
  return `contract-${what}-${randomUUID()}`;
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

function texts(count: number): string[] {
  return numbers(count).map(String);
}

function textOf(record: IncomingRecord): string {
  return Buffer.from(record.value).toString();
}

async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const value of values) list.push(value);
  return list;
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

/** Lets timers and sockets have their turn; some milliseconds where two timestamps must differ. */
function turn(milliseconds = 0): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
