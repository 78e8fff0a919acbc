import { setTimeout as pause } from 'node:timers/promises';
import { AppError, backoffMs, describeError } from '@headrace/kernel';
import kafkajs, { type Message, type Producer, type RecordMetadata } from 'kafkajs';
import { type OutgoingRecord, type RecordPosition } from '../event-bus.js';
import {
  InvalidRecordError,
  maxRecordBytes,
  MessagingBufferFullError,
  MessagingClosedError,
  MessagingUnavailableError,
  RecordTooLargeError,
  TopicUnknownError,
} from '../messaging-errors.js';
import { partitionOfKey } from '../partition-of-key.js';
import { recordBytes } from '../record-bytes.js';
import { rootOf } from './kafka-client.js';

/** The broker refuses the records as they are, or refuses us. */
export class RecordRefusedError extends AppError {
  readonly code = 'MESSAGING_RECORD_REFUSED';
  readonly kind = 'invalid';
}

export interface AppendBatcherOptions {
  readonly newProducer: () => Producer;
  /** Rejects with TopicUnknownError, or with whatever says that the broker is away. */
  readonly partitionsOf: (topic: string) => Promise<number>;
  /** Forget what is known of a topic. */
  readonly forget: (topic: string) => void;
  readonly lingerMs: number;
  readonly bufferLimitBytes: number;
  readonly deliveryTimeoutMs: number;
  readonly compression: 'none' | 'gzip';
  readonly onEvent: (level: 'info' | 'warn' | 'error', message: string) => void;
}

/** One call of `append`. */
interface Call {
  readonly deadline: number;
  readonly bytes: number;
  readonly positions: (RecordPosition | undefined)[];
  missing: number;
  settled: boolean;
  readonly resolve: (positions: readonly RecordPosition[]) => void;
  readonly reject: (error: Error) => void;
}

interface Item {
  readonly call: Call;
  readonly index: number;
  readonly record: OutgoingRecord;
  readonly bytes: number;
}

interface Placed extends Item {
  readonly partition: number;
}

/** The broker limits what one request may hold for one partition (`max.message.bytes`), and the whole request. */
const partitionRequestBytes = maxRecordBytes;
const requestBytes = 8 * 1024 * 1024;
const writeBackoff = { firstMs: 100, maxMs: 2_000 };

/** Errors that the same records will meet again. */
const refusals = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'CORRUPT_MESSAGE',
  'INVALID_TIMESTAMP',
  'POLICY_VIOLATION',
  'TOPIC_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
]);

/** The producer's own state is of no more use; another one begins anew. */
const errorsThatEndAProducer = new Set([
  'UNKNOWN_TOPIC_OR_PARTITION',
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'INVALID_PRODUCER_EPOCH',
  'PRODUCER_FENCED',
]);

/**
 * Turns many small appends into few requests. One request is on its way at a time, because kafkajs does not keep the
 * order of concurrent sends, idempotent or not; what arrives meanwhile shares the next one. A request that failed goes
 * out again unchanged, so that the broker recognises it by its sequence numbers.
 */
export class AppendBatcher {
  private readonly queue: Item[] = [];
  private readonly openCalls = new Set<Call>();
  private bufferedBytes = 0;
  private draining: Promise<void> | undefined;
  private producer: Producer | undefined;
  private spread = 0;
  private failures = 0;
  private closed = false;

  constructor(private readonly options: AppendBatcherOptions) {}

  append(records: readonly OutgoingRecord[]): Promise<readonly RecordPosition[]> {
    if (this.closed) return Promise.reject(new MessagingClosedError('The event bus'));
    if (records.length === 0) return Promise.resolve([]);
    const sizes = records.map(recordBytes);
    for (const [index, record] of records.entries()) {
      const size = sizes[index] ?? 0;
      if (size > maxRecordBytes) return Promise.reject(new RecordTooLargeError(record.topic, size));
    }
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    if (this.bufferedBytes > 0 && this.bufferedBytes + bytes > this.options.bufferLimitBytes) {
      return Promise.reject(new MessagingBufferFullError(this.bufferedBytes, this.options.bufferLimitBytes));
    }
    this.bufferedBytes += bytes;
    return new Promise((resolve, reject) => {
      const call: Call = {
        deadline: performance.now() + this.options.deliveryTimeoutMs,
        bytes,
        positions: new Array<RecordPosition | undefined>(records.length).fill(undefined),
        missing: records.length,
        settled: false,
        resolve,
        reject,
      };
      this.openCalls.add(call);
      for (const [index, record] of records.entries()) {
        this.queue.push({ call, index, record, bytes: sizes[index] ?? 0 });
      }
      this.draining ??= this.drain();
    });
  }

  /** Sends what waits; what the broker does not take within its time is rejected. */
  async close(): Promise<void> {
    this.closed = true;
    await this.draining;
    await this.producer?.disconnect();
  }

  private async drain(): Promise<void> {
    await pause(this.options.lingerMs);
    while (this.queue.length > 0) {
      const request = await this.nextRequest();
      if (request.length > 0) await this.deliver(request);
    }
    // In the same turn as the look at the queue: an append in between would wait for ever.
    this.draining = undefined;
  }

  /** As many items from the head of the queue as one request may hold, with their partitions. */
  private async nextRequest(): Promise<Placed[]> {
    const request: Placed[] = [];
    const partitionBytes = new Map<string, number>();
    let total = 0;
    let taken = 0;
    this.spread++;
    for (const item of this.queue) {
      if (item.call.settled) {
        taken++;
        continue;
      }
      const partition = await this.place(item);
      if (partition === undefined) {
        taken++;
        continue;
      }
      const name = `${item.record.topic}/${partition}`;
      const ofPartition = (partitionBytes.get(name) ?? 0) + item.bytes;
      if (request.length > 0 && (ofPartition > partitionRequestBytes || total + item.bytes > requestBytes)) {
        break;
      }
      partitionBytes.set(name, ofPartition);
      total += item.bytes;
      taken++;
      request.push({ ...item, partition });
    }
    this.queue.splice(0, taken);
    return request;
  }

  /** Undefined when the call cannot be placed and was rejected. */
  private async place({ call, record }: Item): Promise<number | undefined> {
    for (;;) {
      try {
        const partitions = await this.options.partitionsOf(record.topic);
        if (record.partition !== undefined) {
          if (Number.isInteger(record.partition) && record.partition >= 0 && record.partition < partitions) {
            return record.partition;
          }
          throw new InvalidRecordError(`Topic ${record.topic} has no partition ${record.partition}`);
        }
        return record.key === undefined ? this.spread % partitions : partitionOfKey(record.key, partitions);
      } catch (error) {
        if (error instanceof TopicUnknownError || error instanceof InvalidRecordError) {
          this.reject(call, error);
          return undefined;
        }
        await this.standBy(error);
        if (call.settled) return undefined;
      }
    }
  }

  private async deliver(request: readonly Placed[]): Promise<void> {
    let waiting = request;
    while (waiting.length > 0) {
      try {
        this.producer ??= await this.connect();
        this.settle(waiting, await this.producer.sendBatch(this.messagesOf(waiting)));
        if (this.failures > 0) this.options.onEvent('info', 'Kafka takes records again');
        this.failures = 0;
        return;
      } catch (error) {
        waiting = await this.recover(waiting, error);
      }
    }
  }

  /** What of the request is to be sent again. */
  private async recover(request: readonly Placed[], error: unknown): Promise<readonly Placed[]> {
    const { type } = rootOf(error);
    if (type !== undefined && refusals.has(type)) {
      const calls = new Set(request.map(({ call }) => call));
      if (calls.size === 1) {
        for (const call of calls) {
          this.reject(call, new RecordRefusedError(`Kafka refuses the records: ${type}`, { cause: error }));
        }
        return [];
      }
      // One call is at fault, the others must not suffer for it.
      for (const call of calls) await this.deliver(request.filter((item) => item.call === call));
      return [];
    }
    if (type !== undefined && errorsThatEndAProducer.has(type)) {
      for (const { record } of request) this.options.forget(record.topic);
      await this.replaceProducer();
    }
    await this.standBy(error);
    let left = request.filter(({ call }) => !call.settled);
    if (type === 'UNKNOWN_TOPIC_OR_PARTITION') {
      const placed = await Promise.all(left.map((item) => this.place(item)));
      left = left.filter((_, index) => placed[index] !== undefined);
    }
    // Another composition would be taken for another batch under the same sequence numbers.
    if (left.length < request.length) await this.replaceProducer();
    return left;
  }

  /** A pause while the broker is away; calls whose time is up are rejected. */
  private async standBy(error: unknown): Promise<void> {
    if (this.failures === 0) {
      this.options.onEvent('warn', `Kafka cannot be written, records wait: ${describeError(error)}`);
    }
    await pause(backoffMs(writeBackoff, this.failures + 1));
    this.failures++;
    const now = performance.now();
    for (const call of this.openCalls) {
      if (call.deadline <= now || this.closed) {
        this.reject(call, new MessagingUnavailableError('Kafka did not take the records in time', error));
      }
    }
  }

  private async connect(): Promise<Producer> {
    const producer = this.options.newProducer();
    await producer.connect();
    return producer;
  }

  private async replaceProducer(): Promise<void> {
    const former = this.producer;
    this.producer = undefined;
    await former?.disconnect().catch((error: unknown) => {
      this.options.onEvent('warn', `A producer did not disconnect: ${describeError(error)}`);
    });
  }

  private messagesOf(request: readonly Placed[]): Parameters<Producer['sendBatch']>[0] {
    const byTopic = new Map<string, Message[]>();
    for (const { record, partition } of request) {
      let messages = byTopic.get(record.topic);
      if (messages === undefined) {
        messages = [];
        byTopic.set(record.topic, messages);
      }
      messages.push({
        key: record.key ?? null,
        value: Buffer.from(record.value.buffer, record.value.byteOffset, record.value.byteLength),
        headers: { ...record.headers },
        partition,
      });
    }
    return {
      acks: -1,
      compression:
        this.options.compression === 'gzip' ? kafkajs.CompressionTypes.GZIP : kafkajs.CompressionTypes.None,
      topicMessages: [...byTopic].map(([topic, messages]) => ({ topic, messages })),
    };
  }

  /** Kafka answers the first offset for each partition; records of a partition follow one another. */
  private settle(request: readonly Placed[], answer: readonly RecordMetadata[]): void {
    const next = new Map<string, bigint>();
    for (const { topicName, partition, baseOffset, offset } of answer) {
      next.set(`${topicName}/${partition}`, BigInt(baseOffset ?? offset ?? -1));
    }
    for (const { call, index, record, partition } of request) {
      const name = `${record.topic}/${partition}`;
      const offset = next.get(name) ?? -1n;
      next.set(name, offset + 1n);
      call.positions[index] = { topic: record.topic, partition, offset };
      call.missing--;
      if (call.missing === 0 && !call.settled) {
        this.release(call);
        call.resolve(call.positions.filter((position) => position !== undefined));
      }
    }
  }

  private reject(call: Call, error: Error): void {
    if (call.settled) return;
    this.release(call);
    call.reject(error);
  }

  private release(call: Call): void {
    call.settled = true;
    this.openCalls.delete(call);
    this.bufferedBytes -= call.bytes;
  }
}
