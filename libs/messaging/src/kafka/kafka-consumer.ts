import { setTimeout as pause } from 'node:timers/promises';
import { describeError } from '@headrace/kernel';
import { type Admin, type Consumer as Client, type EachBatchPayload, type Kafka } from 'kafkajs';
import { type ConsumeOptions, type Consumer, type IncomingRecord, type RecordBatch } from '../event-bus.js';
import { PartitionRevokedError } from '../messaging-errors.js';
import { retryDelayMs } from '../retry-delay.js';
import { incomingRecordOf } from './incoming-record.js';
import { type KafkaConfig } from './kafka-config.js';

type Handle = (batch: RecordBatch) => Promise<void>;

const heartbeatMs = 3_000;

/** One member of a consumer group. */
export class KafkaConsumer implements Consumer {
  private readonly paused = new Set<string>();
  private readonly failures = new Map<string, number>();
  private readonly assigned = new Map<string, readonly number[]>();
  private readonly stopping = new AbortController();
  private closing: Promise<void> | undefined;

  private constructor(
    private readonly client: Client,
    private readonly admin: () => Promise<Admin>,
    private readonly options: ConsumeOptions,
    private readonly handle: Handle,
  ) {}

  /** Resolves when the member has joined. */
  static async join(
    kafka: Kafka,
    config: KafkaConfig,
    admin: () => Promise<Admin>,
    options: ConsumeOptions,
    handle: Handle,
  ): Promise<KafkaConsumer> {
    const client = kafka.consumer({
      groupId: options.group,
      sessionTimeout: config.sessionTimeoutMs ?? 30_000,
      rebalanceTimeout: 60_000,
      heartbeatInterval: Math.min(heartbeatMs, (config.sessionTimeoutMs ?? 30_000) / 3),
      // `disconnect` waits for the fetch on its way; the default of 5 s is an eternity at shutdown.
      maxWaitTimeInMs: 200,
      maxBytesPerPartition: 512 * 1024,
      allowAutoTopicCreation: false,
    });
    const consumer = new KafkaConsumer(client, admin, options, handle);
    await consumer.start(config);
    return consumer;
  }

  pause(topics: readonly string[]): void {
    for (const topic of topics) this.paused.add(topic);
    this.client.pause(topics.map((topic) => ({ topic })));
  }

  resume(topics: readonly string[]): void {
    for (const topic of topics) this.paused.delete(topic);
    this.client.resume(topics.map((topic) => ({ topic })));
  }

  async seekToTime(topic: string, time: Date): Promise<void> {
    const admin = await this.admin();
    const held = new Set(this.assigned.get(topic));
    for (const { partition, offset } of await admin.fetchTopicOffsetsByTimestamp(topic, time.getTime())) {
      if (held.has(partition)) this.client.seek({ topic, partition, offset });
    }
  }

  close(): Promise<void> {
    this.stopping.abort();
    // Stops after the handlers in flight; what they resolved is committed before the member leaves.
    this.closing ??= this.client.disconnect();
    return this.closing;
  }

  private async start(config: KafkaConfig): Promise<void> {
    const { client, options } = this;
    client.on(client.events.GROUP_JOIN, ({ payload }) => {
      this.assigned.clear();
      for (const [topic, partitions] of Object.entries(payload.memberAssignment)) {
        this.assigned.set(topic, partitions);
      }
    });
    client.on(client.events.CRASH, ({ payload }) => {
      if (payload.restart) {
        config.onEvent?.(
          'warn',
          `Consumer of ${options.group} begins again: ${describeError(payload.error)}`,
        );
      } else {
        options.onFatal?.(payload.error);
      }
    });
    await client.connect();
    await client.subscribe({ topics: [...options.topics], fromBeginning: options.from !== 'latest' });
    await client.run({
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: options.concurrency ?? 1,
      eachBatch: (payload) => this.handleFetched(payload),
    });
  }

  /**
   * What kafkajs fetched of one partition, in slices. Never rejects: a rejection would stop the fetching of every
   * partition. What is not resolved when this returns is fetched again.
   */
  private async handleFetched(payload: EachBatchPayload): Promise<void> {
    const { topic, partition, messages } = payload.batch;
    const revoked = new AbortController();
    // Handlers may work for longer than the session lasts without thinking of heartbeats.
    const beating = setInterval(() => {
      payload.heartbeat().catch(() => {
        // The group is re-dividing itself, or the broker is away: stop at the next event and let kafkajs rejoin.
        revoked.abort();
      });
    }, heartbeatMs);
    try {
      const limit = this.options.maxRecordsPerBatch ?? 500;
      for (let from = 0; from < messages.length; from += limit) {
        if (this.paused.has(topic) || !isActive(payload, revoked.signal)) return;
        const records = messages
          .slice(from, from + limit)
          .map((message) => incomingRecordOf(topic, partition, message));
        if (!(await this.deliver(records, payload, revoked.signal))) return;
      }
    } finally {
      clearInterval(beating);
    }
  }

  /** False when the slice was not handled to its end. */
  private async deliver(
    records: readonly IncomingRecord[],
    payload: EachBatchPayload,
    revoked: AbortSignal,
  ): Promise<boolean> {
    const { topic, partition } = payload.batch;
    const place = `${topic}/${partition}`;
    let told = false;
    // Read through a function: the compiler does not see that the handler changes it.
    const wasTold = (): boolean => told;
    const batch: RecordBatch = {
      topic,
      partition,
      records,
      resolve: (offset) => payload.resolveOffset(String(offset)),
      heartbeat: async () => {
        if (revoked.aborted) throw new PartitionRevokedError(topic, partition);
        try {
          await payload.heartbeat();
        } catch {
          throw new PartitionRevokedError(topic, partition);
        }
      },
      isActive: () => {
        const active = isActive(payload, revoked);
        told ||= !active;
        return active;
      },
    };
    try {
      await this.handle(batch);
    } catch {
      // The runner above this port has reported the error; here it means: deliver again what is not resolved.
      await this.backOff(place, payload, revoked);
      return false;
    }
    this.failures.delete(place);
    // A handler that was asked to stop may have returned early: only what it resolved counts.
    if (wasTold()) return false;
    const last = records.at(-1);
    if (last !== undefined) payload.resolveOffset(String(last.offset));
    await payload.commitOffsetsIfNecessary();
    return true;
  }

  private async backOff(place: string, payload: EachBatchPayload, revoked: AbortSignal): Promise<void> {
    const failures = (this.failures.get(place) ?? 0) + 1;
    this.failures.set(place, failures);
    const until = performance.now() + retryDelayMs(failures);
    while (performance.now() < until && isActive(payload, revoked)) {
      await pause(Math.min(50, Math.max(1, until - performance.now())));
    }
  }
}

function isActive(payload: EachBatchPayload, revoked: AbortSignal): boolean {
  return payload.isRunning() && !payload.isStale() && !revoked.aborted;
}
