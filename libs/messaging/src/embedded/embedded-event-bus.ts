import { setImmediate as nextTurn } from 'node:timers/promises';
import { DirectoryInUseError, holdDirectory } from '@headrace/embedded-storage';
import { SystemClock, type Clock } from '@headrace/kernel';
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
import { MessagingClosedError } from '../messaging-errors.js';
import { ConsumerGroup } from './consumer-group.js';
import { EmbeddedLog, type LogPartition } from './embedded-log.js';

export interface EmbeddedEventBusOptions {
  /** Stamps records and judges retention. Default: the system's. */
  readonly clock?: Clock;
  /** The most bytes that may wait to be written. Default 64 MiB. */
  readonly bufferLimitBytes?: number;
  /** How often retention and compaction run. Default 60 s. */
  readonly cleanEveryMs?: number;
  /** Told when a round of retention and compaction failed; the next one tries again. */
  readonly onCleanFailed?: (error: unknown) => void;
}

/**
 * The log in a directory of this machine, for one process: members of a group are consumers of this process, and a
 * second process is refused. Survives `kill -9` of the process; against loss of power the last moments rest on
 * LMDB's flush in the background. No replication, no access control, no transactions across calls of `append`.
 */
export class EmbeddedEventBus extends EventBus {
  private readonly groups = new Map<string, ConsumerGroup>();
  private readonly cleaner: NodeJS.Timeout;
  private cleaning: Promise<number> | undefined;
  private closing: Promise<void> | undefined;

  private constructor(
    private readonly log: EmbeddedLog,
    private readonly release: () => void,
    options: EmbeddedEventBusOptions,
  ) {
    super();
    this.cleaner = setInterval(() => {
      this.clean().catch((error: unknown) => options.onCleanFailed?.(error));
    }, options.cleanEveryMs ?? 60_000);
    this.cleaner.unref();
  }

  static open(directory: string, options: EmbeddedEventBusOptions = {}): EmbeddedEventBus {
    const release = holdDirectory(
      directory,
      (holder) => new DirectoryInUseError('MESSAGING_DATA_DIRECTORY_IN_USE', directory, holder),
    );
    try {
      const clock = options.clock ?? new SystemClock();
      const log = EmbeddedLog.open(directory, clock, options.bufferLimitBytes ?? 64 * 1024 * 1024);
      return new EmbeddedEventBus(log, release, options);
    } catch (error) {
      release();
      throw error;
    }
  }

  async provision(topics: readonly TopicSpec[]): Promise<void> {
    this.assertOpen();
    await this.log.provision(topics);
    for (const group of this.groups.values()) group.rebalance();
  }

  async topics(): Promise<readonly string[]> {
    this.assertOpen();
    return Promise.resolve(this.log.topicNames());
  }

  async partitionCount(topic: string): Promise<number> {
    this.assertOpen();
    return Promise.resolve(this.log.topic(topic).partitions.length);
  }

  append(records: readonly OutgoingRecord[]): Promise<readonly RecordPosition[]> {
    return this.log.append(records);
  }

  async consume(options: ConsumeOptions, handle: (batch: RecordBatch) => Promise<void>): Promise<Consumer> {
    this.assertOpen();
    for (const topic of options.topics) this.log.topic(topic);
    let group = this.groups.get(options.group);
    if (group === undefined) {
      group = new ConsumerGroup(options.group, this.log);
      this.groups.set(options.group, group);
    }
    return Promise.resolve(group.join(options, handle));
  }

  read(
    topic: string,
    from: { readonly time?: Date; readonly offsets?: ReadonlyMap<number, bigint> } = {},
  ): AsyncIterable<IncomingRecord> {
    this.assertOpen();
    const ranges = this.log.topic(topic).partitions.map((partition) => ({
      partition,
      from: startOf(this.log, partition, from),
      end: partition.end,
    }));
    return this.readRanges(ranges);
  }

  async recordAt(position: RecordPosition): Promise<IncomingRecord | undefined> {
    this.assertOpen();
    return Promise.resolve(this.log.recordAt(position));
  }

  async positions(group: string, topics: readonly string[]): Promise<readonly GroupPosition[]> {
    this.assertOpen();
    const positions = topics.flatMap((topic) =>
      this.log.topic(topic).partitions.map(({ partition, start, end }): GroupPosition => {
        const committed = this.log.committed(group, topic, partition);
        return {
          topic,
          partition,
          committed: committed === undefined ? undefined : BigInt(committed),
          end: BigInt(end),
          lag: BigInt(Math.max(0, end - Math.max(committed ?? start, start))),
        };
      }),
    );
    return Promise.resolve(positions);
  }

  /** One round of retention and compaction now; answers how many records it removed. */
  clean(): Promise<number> {
    this.cleaning ??= this.log.clean().finally(() => (this.cleaning = undefined));
    return this.cleaning;
  }

  async check(): Promise<void> {
    this.assertOpen();
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.closing ??= this.shutDown();
    return this.closing;
  }

  private async shutDown(): Promise<void> {
    clearInterval(this.cleaner);
    await Promise.all([...this.groups.values()].map((group) => group.close()));
    await this.cleaning;
    await this.log.close();
    this.release();
  }

  private async *readRanges(
    ranges: readonly { partition: LogPartition; from: number; end: number }[],
  ): AsyncIterable<IncomingRecord> {
    for (const { partition, from, end } of ranges) {
      let position = from;
      while (position < end) {
        this.assertOpen();
        const records = this.log.read(partition, position, 500, 1024 * 1024);
        for (const record of records) {
          if (record.offset >= BigInt(end)) break;
          yield record;
        }
        const last = records.at(-1);
        position = last === undefined ? end : Number(last.offset) + 1;
        await nextTurn();
      }
    }
  }

  private assertOpen(): void {
    if (this.closing !== undefined) throw new MessagingClosedError('The event bus');
  }
}

function startOf(
  log: EmbeddedLog,
  partition: LogPartition,
  from: { readonly time?: Date; readonly offsets?: ReadonlyMap<number, bigint> },
): number {
  if (from.offsets !== undefined) return Number(from.offsets.get(partition.partition) ?? 0n);
  return from.time === undefined ? partition.start : log.offsetAt(partition, from.time);
}

/** Opens the log of a directory, or makes it. Refuses one that another process holds, or that this build cannot read. */
export function openEmbeddedEventBus(
  directory: string,
  options?: EmbeddedEventBusOptions,
): Promise<EmbeddedEventBus> {
  return new Promise((resolve) => resolve(EmbeddedEventBus.open(directory, options)));
}
