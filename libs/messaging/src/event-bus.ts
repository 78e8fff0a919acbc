import { type Closeable } from '@headrace/kernel';

/** What a topic must be like; made from the event definitions, never by hand. */
export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  readonly retentionDays: number | undefined;
  readonly cleanup: 'delete' | 'compact';
}

export interface OutgoingRecord {
  readonly topic: string;
  /** Records of one key go to one partition and keep their order. Undefined: any partition. */
  readonly key: string | undefined;
  readonly value: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  /** Where it must lie, whatever its key says: a record of several events whose keys share a partition. */
  readonly partition?: number;
}

export interface RecordPosition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

export interface IncomingRecord extends RecordPosition {
  readonly key: string | undefined;
  readonly value: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  /** When the log received it. */
  readonly timestamp: Date;
}

/** Records of one partition in order of offset; handed over one batch at a time for each partition. */
export interface RecordBatch {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly IncomingRecord[];
  /** Marks all records up to and including `offset` as handled; survives when the handler fails later on. */
  resolve(offset: bigint): void;
  /** Keeps the membership alive during long work. Rejects when the partition has been taken away. */
  heartbeat(): Promise<void>;
  /** False once the consumer is closing or the partition was taken away: stop and return. */
  isActive(): boolean;
}

export interface ConsumeOptions {
  readonly group: string;
  readonly topics: readonly string[];
  /** Where a group without committed offsets begins. Default `earliest`. */
  readonly from?: 'earliest' | 'latest';
  /** The most records of one batch; bounds what is in flight. Default 500. */
  readonly maxRecordsPerBatch?: number;
  /** Batches handled at the same time, of different partitions. Default 1. */
  readonly concurrency?: number;
  /** Called when the consumer cannot go on; readiness must end. */
  readonly onFatal?: (error: Error) => void;
}

export interface Consumer extends Closeable {
  /** Stops fetching these topics; records in flight finish. */
  pause(topics: readonly string[]): void;
  resume(topics: readonly string[]): void;
  /** Moves the group to the first record at or after `time` in every partition that this member holds. */
  seekToTime(topic: string, time: Date): Promise<void>;
  /** Stops fetching, waits for the handlers in flight, commits what they resolved, leaves the group. */
  close(): Promise<void>;
}

/** Where a group stands in one partition. `lag` counts records that are not yet committed. */
export interface GroupPosition {
  readonly topic: string;
  readonly partition: number;
  readonly committed: bigint | undefined;
  readonly end: bigint;
  readonly lag: bigint;
}

/**
 * An ordered, durable, replayable log with consumer groups. Guarantees of every adapter:
 *
 * - `append` resolves when the records are durable. Records of one key keep the order of the calls, also of calls that
 *   were not awaited. A record that cannot be stored rejects its call; nothing is dropped in silence.
 * - Delivery is at least once, in order per partition. Offsets are committed after the handler resolved (or for what
 *   it marked by `resolve` before it failed); what was not committed is delivered again, also after `kill -9`.
 * - Members of one group divide the partitions among them and re-divide when one joins, leaves or dies.
 * - At most one batch of a partition is in flight for a group. A handler that rejects gets the batch again.
 * - Payloads are bytes: no object reference travels from producer to consumer.
 * - Memory is bounded: a slow consumer stops fetching; a full append buffer rejects with a retryable error.
 *
 * Adapters: EmbeddedEventBus, KafkaEventBus.
 */
export abstract class EventBus implements Closeable {
  /** Creates the topics that are missing; adds partitions where there are fewer; never removes anything. */
  abstract provision(topics: readonly TopicSpec[]): Promise<void>;

  /** Names of all topics that the log holds. */
  abstract topics(): Promise<readonly string[]>;

  /** How many partitions a topic has; with `partitionOfKey` it determines the partition of a key. */
  abstract partitionCount(topic: string): Promise<number>;

  abstract append(records: readonly OutgoingRecord[]): Promise<readonly RecordPosition[]>;

  abstract consume(options: ConsumeOptions, handle: (batch: RecordBatch) => Promise<void>): Promise<Consumer>;

  /**
   * Reads a topic outside any group, all partitions, in order per partition, up to the end that the log had at the
   * call. From a time, from given offsets (by partition), or from the beginning.
   */
  abstract read(
    topic: string,
    from?: { readonly time?: Date; readonly offsets?: ReadonlyMap<number, bigint> },
  ): AsyncIterable<IncomingRecord>;

  /** The record at a position, or undefined when retention or compaction removed it. */
  abstract recordAt(position: RecordPosition): Promise<IncomingRecord | undefined>;

  abstract positions(group: string, topics: readonly string[]): Promise<readonly GroupPosition[]>;

  /** Rejects with the reason when the log cannot be reached. Drives readiness. */
  abstract check(): Promise<void>;

  abstract close(): Promise<void>;
}
