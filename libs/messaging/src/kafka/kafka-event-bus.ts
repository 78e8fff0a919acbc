import { setTimeout as pause } from 'node:timers/promises';
import { describeError, withTimeout } from '@headrace/kernel';
import kafkajs, { type Admin, type ITopicConfig, type Kafka } from 'kafkajs';
import {
  EventBus,
  type ConsumeOptions,
  type Consumer,
  type GroupPosition,
  type IncomingRecord,
  type OutgoingRecord,
  type RecordBatch,
  type RecordPosition,
  type TopicSpec,
} from '../event-bus.js';
import { MessagingClosedError, MessagingUnavailableError, TopicUnknownError } from '../messaging-errors.js';
import { AppendBatcher } from './append-batcher.js';
import { kafkaClient, rootOf } from './kafka-client.js';
import { type KafkaConfig } from './kafka-config.js';
import { KafkaConsumer } from './kafka-consumer.js';
import { LogReader } from './log-reader.js';

const dayMs = 86_400_000;
/** Partitions may be added by an operator; keys move then, as everywhere in Kafka. */
const metadataAgeMs = 60_000;
const checkTimeoutMs = 5_000;
const passingAttempts = 20;
const passingPauseMs = 200;

interface KnownTopic {
  readonly partitions: Promise<number>;
  readonly at: number;
}

/**
 * A kafkajs client knows one set of topics at a time: asking it for the metadata of one topic makes it forget the
 * others, and a look at the offsets of those that is on its way then fails. So the two purposes have a client each.
 */
type Purpose = 'topics' | 'offsets';

/** The log on Apache Kafka. The only file set that knows kafkajs; see ADR 0007. */
export class KafkaEventBus extends EventBus {
  /** Patient: outlasts the restart of a broker. */
  private readonly kafka: Kafka;
  private readonly appends: AppendBatcher;
  private readonly reader: LogReader;
  private readonly known = new Map<string, KnownTopic>();
  private readonly consumers = new Set<Consumer>();
  private readonly admins = new Map<Purpose, Promise<Admin>>();
  private probe: Promise<Admin> | undefined;
  private closing: Promise<void> | undefined;

  constructor(private readonly config: KafkaConfig) {
    super();
    this.kafka = kafkaClient(config, { retries: 60, initialRetryTime: 100, maxRetryTime: 1_000 });
    const impatientClient = kafkaClient(config, { retries: 5, initialRetryTime: 100, maxRetryTime: 500 });
    this.reader = new LogReader(impatientClient);
    this.appends = new AppendBatcher({
      newProducer: () =>
        impatientClient.producer({
          idempotent: true,
          maxInFlightRequests: 1,
          allowAutoTopicCreation: false,
          // Partitions are chosen by us; naming the partitioner keeps kafkajs from warning about its default.
          createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
          retry: { retries: 5, initialRetryTime: 100, maxRetryTime: 500 },
        }),
      partitionsOf: (topic) => this.partitionCount(topic),
      forget: (topic) => this.known.delete(topic),
      lingerMs: config.lingerMs ?? 1,
      bufferLimitBytes: config.bufferLimitBytes ?? 32 * 1024 * 1024,
      deliveryTimeoutMs: config.deliveryTimeoutMs ?? 120_000,
      compression: config.compression ?? 'none',
      onEvent: (level, message) => config.onEvent?.(level, message),
    });
  }

  async provision(topics: readonly TopicSpec[]): Promise<void> {
    if (topics.length === 0) return;
    await this.withAdmin('topics', async (admin) => {
      const existing = new Set(await admin.listTopics());
      const missing = topics.filter(({ name }) => !existing.has(name));
      if (missing.length > 0) await createTopics(admin, missing, this.config.replicationFactor ?? -1);
      const { topics: found } = await admin.fetchTopicMetadata({ topics: topics.map(({ name }) => name) });
      const growing = topics.filter(
        ({ name, partitions }) =>
          (found.find((topic) => topic.name === name)?.partitions.length ?? partitions) < partitions,
      );
      if (growing.length > 0) {
        await admin.createPartitions({
          topicPartitions: growing.map(({ name, partitions }) => ({ topic: name, count: partitions })),
        });
      }
      for (const { name } of [...missing, ...growing]) this.known.delete(name);
    });
  }

  topics(): Promise<readonly string[]> {
    return this.withAdmin('topics', async (admin) =>
      (await admin.listTopics()).filter((name) => !name.startsWith('__')).sort(),
    );
  }

  partitionCount(topic: string): Promise<number> {
    const known = this.known.get(topic);
    if (known !== undefined && performance.now() - known.at < metadataAgeMs) return known.partitions;
    const partitions = this.withAdmin('topics', (admin) => countPartitions(admin, topic));
    this.known.set(topic, { partitions, at: performance.now() });
    partitions.catch(() => this.known.delete(topic));
    return partitions;
  }

  append(records: readonly OutgoingRecord[]): Promise<readonly RecordPosition[]> {
    return this.appends.append(records);
  }

  async consume(options: ConsumeOptions, handle: (batch: RecordBatch) => Promise<void>): Promise<Consumer> {
    this.assertOpen();
    for (const topic of options.topics) await this.partitionCount(topic);
    const consumer = await KafkaConsumer.join(
      this.kafka,
      this.config,
      () => this.connectedAdmin('offsets'),
      options,
      handle,
    );
    this.consumers.add(consumer);
    return consumer;
  }

  async *read(
    topic: string,
    from: { readonly time?: Date; readonly offsets?: ReadonlyMap<number, bigint> } = {},
  ): AsyncIterable<IncomingRecord> {
    this.assertOpen();
    await this.withAdmin('topics', (admin) => countPartitions(admin, topic));
    const { ends, starts } = await this.withAdmin('offsets', async (admin) => {
      return {
        ends: await admin.fetchTopicOffsets(topic),
        starts:
          from.time === undefined || from.offsets !== undefined
            ? undefined
            : new Map(
                (await admin.fetchTopicOffsetsByTimestamp(topic, from.time.getTime())).map(
                  ({ partition, offset }) => [partition, BigInt(offset)],
                ),
              ),
      };
    });
    for (const { partition, low, high } of ends.toSorted((a, b) => a.partition - b.partition)) {
      const oldest = BigInt(low);
      const wanted = (from.offsets ?? starts)?.get(partition) ?? oldest;
      yield* this.reader.read(topic, partition, wanted < oldest ? oldest : wanted, BigInt(high));
    }
  }

  async recordAt({ topic, partition, offset }: RecordPosition): Promise<IncomingRecord | undefined> {
    this.assertOpen();
    await this.withAdmin('topics', (admin) => countPartitions(admin, topic));
    const ends = await this.withAdmin('offsets', (admin) => admin.fetchTopicOffsets(topic));
    const place = ends.find((each) => each.partition === partition);
    if (place === undefined || offset < BigInt(place.low) || offset >= BigInt(place.high)) return undefined;
    for await (const record of this.reader.read(topic, partition, offset, offset + 1n)) return record;
    return undefined;
  }

  positions(group: string, topics: readonly string[]): Promise<readonly GroupPosition[]> {
    return this.withAdmin('offsets', async (admin) => {
      const committed = await admin.fetchOffsets({ groupId: group, topics: [...topics] });
      const positions: GroupPosition[] = [];
      for (const topic of topics) {
        for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
          const offset = committed
            .find((each) => each.topic === topic)
            ?.partitions.find((each) => each.partition === partition)?.offset;
          // Kafka says -1 for "never committed".
          const position = offset === undefined || offset === '-1' ? undefined : BigInt(offset);
          const end = BigInt(high);
          const behind = end - (position ?? BigInt(low));
          positions.push({ topic, partition, committed: position, end, lag: behind > 0n ? behind : 0n });
        }
      }
      return positions;
    });
  }

  async check(): Promise<void> {
    this.assertOpen();
    this.probe ??= this.connectProbe();
    const probe = this.probe;
    try {
      await withTimeout(
        checkTimeoutMs,
        () => new MessagingUnavailableError(`No answer within ${checkTimeoutMs} ms`),
        async () => (await probe).describeCluster(),
      );
    } catch (error) {
      this.probe = undefined;
      void probe.then((admin) => admin.disconnect()).catch(() => undefined);
      throw new MessagingUnavailableError(
        `Kafka at ${this.config.brokers.join(', ')} does not answer`,
        error,
      );
    }
  }

  close(): Promise<void> {
    this.closing ??= this.shutDown();
    return this.closing;
  }

  /** Overrides settings of a topic, such as how soon Kafka compacts it. */
  async configureTopic(topic: string, settings: Readonly<Record<string, string>>): Promise<void> {
    await this.withAdmin('topics', (admin) =>
      admin.alterConfigs({
        validateOnly: false,
        resources: [
          {
            type: kafkajs.ConfigResourceTypes.TOPIC,
            name: topic,
            configEntries: Object.entries(settings).map(([name, value]) => ({ name, value })),
          },
        ],
      }),
    );
  }

  private async shutDown(): Promise<void> {
    await Promise.all([...this.consumers].map((consumer) => consumer.close()));
    await this.appends.close();
    await this.reader.close();
    for (const admin of [...this.admins.values(), this.probe]) {
      await admin?.then((connected) => connected.disconnect()).catch(() => undefined);
    }
  }

  private connectedAdmin(purpose: Purpose): Promise<Admin> {
    let connected = this.admins.get(purpose);
    if (connected === undefined) {
      const admin = this.kafka.admin();
      connected = admin.connect().then(() => admin);
      this.admins.set(purpose, connected);
      connected.catch((error: unknown) => {
        this.config.onEvent?.('error', `Kafka cannot be reached: ${describeError(error)}`);
        this.admins.delete(purpose);
      });
    }
    return connected;
  }

  private async connectProbe(): Promise<Admin> {
    const admin = kafkaClient(this.config, { retries: 0 }).admin({ retry: { retries: 0 } });
    await admin.connect();
    return admin;
  }

  private async withAdmin<T>(purpose: Purpose, work: (admin: Admin) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      this.assertOpen();
      try {
        return await work(await this.connectedAdmin(purpose));
      } catch (error) {
        if (error instanceof TopicUnknownError) throw error;
        // A leader is being elected, of a new partition for instance: kafkajs does not try that again by itself.
        if (attempt < passingAttempts && isPassing(error)) await pause(passingPauseMs);
        else {
          throw new MessagingUnavailableError(
            `Kafka at ${this.config.brokers.join(', ')} does not answer`,
            error,
          );
        }
      }
    }
  }

  private assertOpen(): void {
    if (this.closing !== undefined) throw new MessagingClosedError('The event bus');
  }
}

/** Several services make the same topics at the same time: an existing topic is not an error. */
async function createTopics(
  admin: Admin,
  specs: readonly TopicSpec[],
  replicationFactor: number,
): Promise<void> {
  try {
    await admin.createTopics({
      waitForLeaders: true,
      topics: specs.map((spec): ITopicConfig => ({
        topic: spec.name,
        numPartitions: spec.partitions,
        replicationFactor,
        configEntries: [
          { name: 'cleanup.policy', value: cleanupOf(spec) },
          {
            name: 'retention.ms',
            value: spec.retentionDays === undefined ? '-1' : String(Math.round(spec.retentionDays * dayMs)),
          },
        ],
      })),
    });
  } catch (error) {
    const errors =
      error instanceof Error && 'errors' in error && Array.isArray(error.errors) ? error.errors : [error];
    if (errors.some((each) => rootOf(each).type !== 'TOPIC_ALREADY_EXISTS')) throw error;
  }
}

function cleanupOf({ cleanup, retentionDays }: TopicSpec): string {
  return cleanup === 'compact' && retentionDays !== undefined ? 'compact,delete' : cleanup;
}

async function countPartitions(admin: Admin, topic: string): Promise<number> {
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    const count = topics.find(({ name }) => name === topic)?.partitions.length ?? 0;
    if (count === 0) throw new TopicUnknownError(topic);
    return count;
  } catch (error) {
    if (rootOf(error).type === 'UNKNOWN_TOPIC_OR_PARTITION') throw new TopicUnknownError(topic);
    throw error;
  }
}

function isPassing(error: unknown): boolean {
  const { error: root } = rootOf(error);
  return (
    root instanceof Error &&
    'retriable' in root &&
    root.retriable === true &&
    rootOf(error).type !== undefined
  );
}

/** The bus on Kafka. Does not wait for the broker: calls that need it wait, within bounds, and `check` reports. */
export function openKafkaEventBus(config: KafkaConfig): Promise<KafkaEventBus> {
  return Promise.resolve(new KafkaEventBus(config));
}
