import { setImmediate as nextTurn } from 'node:timers/promises';
import { type ConsumeOptions, type Consumer, type IncomingRecord, type RecordBatch } from '../event-bus.js';
import { PartitionRevokedError } from '../messaging-errors.js';
import { retryDelayMs } from '../retry-delay.js';
import { type EmbeddedLog, type LogPartition } from './embedded-log.js';

type Handle = (batch: RecordBatch) => Promise<void>;

const defaultBatch = 500;
const batchBytes = 1024 * 1024;

/** The members of one group and who of them reads which partition. */
export class ConsumerGroup {
  private readonly members: EmbeddedConsumer[] = [];
  private readonly readers = new Map<LogPartition, PartitionReader>();

  constructor(
    readonly name: string,
    private readonly log: EmbeddedLog,
  ) {}

  join(options: ConsumeOptions, handle: Handle): Consumer {
    const member = new EmbeddedConsumer(this, this.log, options, handle);
    this.members.push(member);
    this.rebalance();
    return member;
  }

  async leave(member: EmbeddedConsumer): Promise<void> {
    const index = this.members.indexOf(member);
    if (index < 0) return;
    this.members.splice(index, 1);
    const leaving = this.readersOf(member).map((reader) => reader.stop('closing'));
    this.rebalance();
    await Promise.all(leaving);
  }

  async close(): Promise<void> {
    await Promise.all([...this.members].map((member) => member.close()));
  }

  readersOf(member: EmbeddedConsumer): PartitionReader[] {
    return [...this.readers.values()].filter((reader) => reader.member === member);
  }

  /**
   * Divides each topic's partitions among the members that want it. A partition that changes hands is read on only
   * after the former holder's batch in flight has ended and is committed.
   */
  rebalance(): void {
    const topics = new Set(this.members.flatMap(({ options }) => options.topics));
    const wanted = new Map<LogPartition, EmbeddedConsumer>();
    for (const [spread, topic] of [...topics].sort().entries()) {
      const willing = this.members.filter(({ options }) => options.topics.includes(topic));
      for (const partition of this.log.topic(topic).partitions) {
        const member = willing[(partition.partition + spread) % willing.length];
        if (member !== undefined) wanted.set(partition, member);
      }
    }
    for (const [partition, reader] of this.readers) {
      if (wanted.get(partition) !== reader.member) void reader.stop('revoked');
      if (!wanted.has(partition)) this.readers.delete(partition);
    }
    for (const [partition, member] of wanted) {
      const former = this.readers.get(partition);
      if (former?.member === member) continue;
      this.readers.set(partition, new PartitionReader(this.name, this.log, partition, member, former?.ended));
    }
  }
}

class EmbeddedConsumer implements Consumer {
  readonly paused = new Set<string>();
  readonly slots: Slots;
  private closing: Promise<void> | undefined;

  constructor(
    private readonly group: ConsumerGroup,
    private readonly log: EmbeddedLog,
    readonly options: ConsumeOptions,
    readonly handle: Handle,
  ) {
    this.slots = new Slots(options.concurrency ?? 1);
  }

  pause(topics: readonly string[]): void {
    for (const topic of topics) this.paused.add(topic);
  }

  resume(topics: readonly string[]): void {
    for (const topic of topics) this.paused.delete(topic);
    for (const reader of this.group.readersOf(this)) reader.wake();
  }

  async seekToTime(topic: string, time: Date): Promise<void> {
    const readers = this.group.readersOf(this).filter((reader) => reader.partition.topic === topic);
    await Promise.all(readers.map((reader) => reader.seek(this.log.offsetAt(reader.partition, time))));
  }

  close(): Promise<void> {
    this.closing ??= this.group.leave(this);
    return this.closing;
  }
}

/** Reads one partition for one member: a batch, its handler, its commit, the next. */
class PartitionReader {
  readonly ended: Promise<void>;
  private stopped: 'closing' | 'revoked' | undefined;
  private position = 0;
  private seeks = 0;
  private committing: Promise<void> = Promise.resolve();
  private awaken: (() => void) | undefined;

  constructor(
    private readonly group: string,
    private readonly log: EmbeddedLog,
    readonly partition: LogPartition,
    readonly member: EmbeddedConsumer,
    former: Promise<void> | undefined,
  ) {
    this.ended = this.run(former);
  }

  stop(why: 'closing' | 'revoked'): Promise<void> {
    this.stopped ??= why;
    this.wake();
    return this.ended;
  }

  wake(): void {
    this.awaken?.();
  }

  async seek(offset: number): Promise<void> {
    this.seeks++;
    this.position = offset;
    this.wake();
    await this.commit(offset);
  }

  private async run(former: Promise<void> | undefined): Promise<void> {
    const wake = (): void => this.wake();
    this.partition.wake.add(wake);
    try {
      await former;
      await this.start();
      let failures = 0;
      while (this.stopped === undefined) {
        failures = (await this.handleNext()) ? 0 : failures + 1;
        if (failures > 0) await this.backOff(retryDelayMs(failures));
        // Handlers that never wait for anything would keep timers and sockets from their turn.
        else await nextTurn();
      }
      await this.committing;
    } catch (error) {
      this.stopped = 'closing';
      this.member.options.onFatal?.(error instanceof Error ? error : new Error(String(error)));
    } finally {
      this.partition.wake.delete(wake);
    }
  }

  private async start(): Promise<void> {
    const { topic, partition, start, end } = this.partition;
    const committed = this.log.committed(this.group, topic, partition);
    if (this.seeks > 0) return;
    if (committed !== undefined) {
      this.position = Math.min(Math.max(committed, start), end);
    } else if (this.member.options.from === 'latest') {
      // Committed at once: what arrives before the first batch must not be skipped by a restart.
      this.position = end;
      await this.commit(end);
    } else {
      this.position = start;
    }
  }

  /** False when the handler failed and the batch comes again. */
  private async handleNext(): Promise<boolean> {
    if (this.idle()) {
      await this.sleep();
      return true;
    }
    const release = await this.member.slots.acquire();
    try {
      if (this.stopped !== undefined || this.idle()) return true;
      const limit = this.member.options.maxRecordsPerBatch ?? defaultBatch;
      const { end } = this.partition;
      const records = this.log.read(this.partition, this.position, limit, batchBytes);
      const last = records.at(-1);
      if (last === undefined) {
        // Compaction or retention left nothing up to here.
        this.position = end;
        return true;
      }
      return await this.deliver(records, Number(last.offset) + 1);
    } finally {
      release();
    }
  }

  private async deliver(records: readonly IncomingRecord[], next: number): Promise<boolean> {
    const seeksBefore = this.seeks;
    let resolved = this.position;
    let told = false;
    const isActive = (): boolean => this.stopped === undefined && this.seeks === seeksBefore;
    const batch: RecordBatch = {
      topic: this.partition.topic,
      partition: this.partition.partition,
      records,
      resolve: (offset) => void (resolved = Math.max(resolved, Number(offset) + 1)),
      heartbeat: () =>
        this.stopped === 'revoked'
          ? Promise.reject(new PartitionRevokedError(this.partition.topic, this.partition.partition))
          : Promise.resolve(),
      isActive: () => {
        const active = isActive();
        told ||= !active;
        return active;
      },
    };
    // Read through a function: the compiler does not see that the handler changes it.
    const wasTold = (): boolean => told;
    let done = true;
    try {
      await this.member.handle(batch);
      // A handler that was asked to stop may have returned early: only what it resolved counts.
      if (!wasTold()) resolved = next;
    } catch {
      // The runner above this port has reported the error; here it means: deliver again what is not resolved.
      done = false;
    }
    if (this.seeks === seeksBefore && resolved > this.position) {
      this.position = resolved;
      void this.commit(resolved);
    }
    return done;
  }

  private commit(offset: number): Promise<void> {
    const { topic, partition } = this.partition;
    const committing = Promise.all([this.committing, this.log.commit(this.group, topic, partition, offset)]);
    this.committing = committing.then(() => undefined);
    // Awaited when the reader ends; until then a failure must not be an unhandled rejection.
    this.committing.catch((error: unknown) => {
      this.stopped ??= 'closing';
      this.member.options.onFatal?.(error instanceof Error ? error : new Error(String(error)));
    });
    return this.committing;
  }

  private idle(): boolean {
    return this.member.paused.has(this.partition.topic) || this.position >= this.partition.end;
  }

  /** Until something happens to the partition or the reader. */
  private sleep(): Promise<void> {
    if (this.stopped !== undefined) return Promise.resolve();
    return new Promise((resolve) => {
      this.awaken = () => {
        this.awaken = undefined;
        resolve();
      };
    });
  }

  /** A pause that only stopping cuts short: an append is no reason to hurry a handler that just failed. */
  private backOff(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.awaken = undefined;
        resolve();
      }, milliseconds);
      this.awaken = () => {
        if (this.stopped === undefined) return;
        clearTimeout(timer);
        this.awaken = undefined;
        resolve();
      };
    });
  }
}

/** So many batches at a time, in order of asking. */
class Slots {
  private readonly waiting: (() => void)[] = [];

  constructor(private free: number) {}

  async acquire(): Promise<() => void> {
    if (this.free > 0) this.free--;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    return () => {
      const next = this.waiting.shift();
      if (next === undefined) this.free++;
      else next();
    };
  }
}
