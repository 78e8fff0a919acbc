import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { checkFormat, checkLmdbFile, type StorageErrors } from '@headrace/embedded-storage';
import { AppError, describeError, type Clock } from '@headrace/kernel';
import { open, type Database, type RootDatabase } from 'lmdb';
import { z } from 'zod';
import {
  type IncomingRecord,
  type OutgoingRecord,
  type RecordPosition,
  type TopicSpec,
} from '../event-bus.js';
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
import {
  decodeStored,
  encodeStored,
  keyOfStored,
  LogCorruptError,
  timestampOfStored,
} from './stored-record.js';

/** The directory was written by another version of the format. */
export class LogFormatUnsupportedError extends AppError {
  readonly code = 'MESSAGING_DATA_FORMAT_UNSUPPORTED';
  readonly kind = 'unsupported';
}

const formatVersion = 1;
const storageErrors: StorageErrors = {
  corrupt: (message) => new LogCorruptError(message),
  unsupported: (message) => new LogFormatUnsupportedError(message),
};
const specSchema = z.object({
  id: z.number().int().nonnegative(),
  name: z.string(),
  partitions: z.number().int().positive(),
  retentionDays: z.number().positive().optional(),
  cleanup: z.enum(['delete', 'compact']),
});

export interface LogPartition {
  readonly topic: string;
  readonly topicId: number;
  readonly partition: number;
  /** Offset of the oldest record that may exist. */
  start: number;
  /** Offset that the next record gets. */
  end: number;
  lastTimestamp: number;
  /** Records that compaction has looked at. */
  compactedTo: number;
  /** Called after records became readable. */
  readonly wake: Set<() => void>;
}

interface LogTopic {
  readonly id: number;
  readonly spec: TopicSpec;
  readonly partitions: LogPartition[];
}

interface Waiting {
  readonly records: readonly OutgoingRecord[];
  readonly bytes: number;
  readonly resolve: (positions: readonly RecordPosition[]) => void;
  readonly reject: (error: Error) => void;
}

/** A commit of the disk takes at most this much, so that one huge burst does not delay everybody behind it. */
const commitBytes = 8 * 1024 * 1024;
const maxPartitions = 1024;
const dayMs = 86_400_000;

/**
 * Topics and partitions on LMDB: one entry a record, keyed by topic, partition and offset, so that a read is a range
 * scan. Appends that wait at the same time share one commit. LMDB is copy-on-write: a crash leaves the last complete
 * commit. One process at a time; `holdDirectory` sees to that.
 */
export class EmbeddedLog {
  private readonly topicsByName = new Map<string, LogTopic>();
  private readonly offsetsByGroup = new Map<string, Map<string, number>>();
  private readonly queue: Waiting[] = [];
  private bufferedBytes = 0;
  private flushing: Promise<void> | undefined;
  private closed = false;
  private nextSpread = 0;

  private constructor(
    private readonly root: RootDatabase<unknown>,
    private readonly meta: Database<unknown, (string | number)[]>,
    private readonly log: Database<Buffer, Buffer>,
    private readonly clock: Clock,
    private readonly bufferLimitBytes: number,
  ) {}

  static open(directory: string, clock: Clock, bufferLimitBytes: number): EmbeddedLog {
    mkdirSync(directory, { recursive: true });
    const data = join(directory, 'log.mdb');
    checkFormat(
      directory,
      { name: 'headrace-log', version: formatVersion, contents: 'a log', hasData: () => existsSync(data) },
      storageErrors,
    );
    checkLmdbFile(data, storageErrors);
    let log: EmbeddedLog;
    try {
      const root = open<unknown>({ path: data, noSubdir: true, maxDbs: 4, encoding: 'json' });
      log = new EmbeddedLog(
        root,
        root.openDB<unknown, (string | number)[]>('meta', { encoding: 'json' }),
        root.openDB<Buffer, Buffer>('log', { encoding: 'binary', keyEncoding: 'binary' }),
        clock,
        bufferLimitBytes,
      );
    } catch (error) {
      throw new LogCorruptError(`The log ${data} cannot be opened`, error);
    }
    log.restore(data);
    return log;
  }

  topic(name: string): LogTopic {
    const topic = this.topicsByName.get(name);
    if (topic === undefined) throw new TopicUnknownError(name);
    return topic;
  }

  topicNames(): readonly string[] {
    return [...this.topicsByName.keys()].sort();
  }

  async provision(specs: readonly TopicSpec[]): Promise<void> {
    for (const spec of specs) {
      if (!Number.isInteger(spec.partitions) || spec.partitions < 1 || spec.partitions > maxPartitions) {
        throw new InvalidRecordError(
          `Topic ${spec.name} wants ${spec.partitions} partitions; 1 to ${maxPartitions} are allowed`,
        );
      }
      const known = this.topicsByName.get(spec.name);
      if (known !== undefined && known.spec.partitions >= spec.partitions) continue;
      const id = known?.id ?? 1 + Math.max(0, ...[...this.topicsByName.values()].map((topic) => topic.id));
      const merged: TopicSpec = known === undefined ? spec : { ...known.spec, partitions: spec.partitions };
      const topic: LogTopic = { id, spec: merged, partitions: known?.partitions ?? [] };
      for (let partition = topic.partitions.length; partition < merged.partitions; partition++) {
        topic.partitions.push(emptyPartition(merged.name, id, partition));
      }
      this.topicsByName.set(spec.name, topic);
      await this.write(() => void this.meta.put(['topic', spec.name], { id, ...merged }));
    }
  }

  append(records: readonly OutgoingRecord[]): Promise<readonly RecordPosition[]> {
    if (this.closed) return Promise.reject(new MessagingClosedError('The log'));
    if (records.length === 0) return Promise.resolve([]);
    let bytes = 0;
    try {
      for (const record of records) bytes += this.checkedBytes(record);
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
    if (this.bufferedBytes > 0 && this.bufferedBytes + bytes > this.bufferLimitBytes) {
      return Promise.reject(new MessagingBufferFullError(this.bufferedBytes, this.bufferLimitBytes));
    }
    this.bufferedBytes += bytes;
    return new Promise((resolve, reject) => {
      this.queue.push({ records, bytes, resolve, reject });
      this.flushing ??= this.flush();
    });
  }

  /** Records from an offset on, as many as fit; at least one when there is one. */
  read(partition: LogPartition, from: number, limit: number, maxBytes: number): IncomingRecord[] {
    const records: IncomingRecord[] = [];
    let bytes = 0;
    const { topic, topicId } = partition;
    const range = this.log.getRange({
      start: keyOf(topicId, partition.partition, Math.max(from, partition.start)),
      end: keyOf(topicId, partition.partition, partition.end),
      limit,
    });
    for (const { key, value } of range) {
      bytes += value.length;
      if (records.length > 0 && bytes > maxBytes) break;
      const offset = key.readBigUInt64BE(6);
      records.push(decodeStored({ topic, partition: partition.partition, offset }, value));
    }
    return records;
  }

  recordAt({ topic, partition, offset }: RecordPosition): IncomingRecord | undefined {
    const { id, partitions } = this.topic(topic);
    const place = partitions[partition];
    if (place === undefined || offset < 0n || offset >= BigInt(place.end)) return undefined;
    const stored = this.log.get(keyOf(id, partition, Number(offset)));
    return stored === undefined ? undefined : decodeStored({ topic, partition, offset }, stored);
  }

  /** The offset of the first record at or after a time. Timestamps ascend in a partition, so halving finds it. */
  offsetAt(partition: LogPartition, time: Date): number {
    let low = partition.start;
    let high = partition.end;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const [record] = this.read(partition, middle, 1, 0);
      if (record === undefined || record.timestamp.getTime() >= time.getTime()) high = middle;
      else low = Number(record.offset) + 1;
    }
    return low;
  }

  committed(group: string, topic: string, partition: number): number | undefined {
    return this.offsetsByGroup.get(group)?.get(`${topic}/${partition}`);
  }

  commit(group: string, topic: string, partition: number, offset: number): Promise<void> {
    let offsets = this.offsetsByGroup.get(group);
    if (offsets === undefined) {
      offsets = new Map<string, number>();
      this.offsetsByGroup.set(group, offsets);
    }
    offsets.set(`${topic}/${partition}`, offset);
    return this.write(() => void this.meta.put(['group', group, topic, partition], offset));
  }

  /** Removes what retention no longer keeps and what compaction supersedes. Answers how many records went. */
  async clean(): Promise<number> {
    let removed = 0;
    for (const { spec, partitions } of this.topicsByName.values()) {
      for (const partition of partitions) {
        if (this.closed) return removed;
        if (spec.cleanup === 'compact') removed += await this.compact(partition);
        if (spec.retentionDays !== undefined) removed += await this.expire(partition, spec.retentionDays);
      }
    }
    return removed;
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.flushing;
    await this.root.flushed;
    await this.root.close();
  }

  private checkedBytes(record: OutgoingRecord): number {
    const { spec } = this.topic(record.topic);
    const bytes = recordBytes(record);
    if (bytes > maxRecordBytes) throw new RecordTooLargeError(record.topic, bytes);
    if (spec.cleanup === 'compact' && record.key === undefined) {
      throw new InvalidRecordError(`Topic ${record.topic} is compacted by key: a record needs one`);
    }
    const partition = record.partition ?? 0;
    if (!Number.isInteger(partition) || partition < 0 || partition >= spec.partitions) {
      throw new InvalidRecordError(`Topic ${record.topic} has no partition ${partition}`);
    }
    return bytes;
  }

  private async flush(): Promise<void> {
    // Everything that is appended in this turn of the event loop shares the first commit.
    await Promise.resolve();
    while (this.queue.length > 0) {
      let bytes = 0;
      let count = 0;
      for (const waiting of this.queue) {
        if (count > 0 && bytes + waiting.bytes > commitBytes) break;
        bytes += waiting.bytes;
        count++;
      }
      const group = this.queue.splice(0, count);
      try {
        const positions = await this.writeGroup(group);
        for (const [index, waiting] of group.entries()) waiting.resolve(positions[index] ?? []);
      } catch (error) {
        const failure = new MessagingUnavailableError(
          `The log cannot be written (${describeError(error)}); nothing of this call was stored`,
          error,
        );
        for (const waiting of group) waiting.reject(failure);
      } finally {
        this.bufferedBytes -= bytes;
      }
    }
    this.flushing = undefined;
  }

  /** One commit. Offsets are taken over only when it succeeded, so that a failed one leaves no hole. */
  private async writeGroup(group: readonly Waiting[]): Promise<RecordPosition[][]> {
    const now = this.clock.now().getTime();
    const grown = new Map<LogPartition, { end: number; timestamp: number }>();
    const positions: RecordPosition[][] = [];
    await this.write(() => {
      for (const { records } of group) {
        const ofCall: RecordPosition[] = [];
        for (const record of records) {
          const partition = this.placeOf(record);
          let growth = grown.get(partition);
          if (growth === undefined) {
            growth = { end: partition.end, timestamp: Math.max(now, partition.lastTimestamp) };
            grown.set(partition, growth);
          }
          const offset = growth.end++;
          void this.log.put(
            keyOf(partition.topicId, partition.partition, offset),
            encodeStored(record, growth.timestamp),
          );
          ofCall.push({ topic: record.topic, partition: partition.partition, offset: BigInt(offset) });
        }
        positions.push(ofCall);
      }
      for (const [partition, { end }] of grown) {
        void this.meta.put(['end', partition.topicId, partition.partition], end);
      }
    });
    for (const [partition, { end, timestamp }] of grown) {
      partition.end = end;
      partition.lastTimestamp = timestamp;
    }
    for (const partition of grown.keys()) for (const wake of partition.wake) wake();
    return positions;
  }

  private placeOf(record: OutgoingRecord): LogPartition {
    const { partitions } = this.topic(record.topic);
    const index =
      record.partition ??
      (record.key === undefined
        ? this.nextSpread++ % partitions.length
        : partitionOfKey(record.key, partitions.length));
    const partition = partitions[index];
    if (partition === undefined) {
      throw new InvalidRecordError(`Topic ${record.topic} has no partition ${index}`);
    }
    return partition;
  }

  /** Atomic and durable against the death of this process when it resolves. */
  private async write(puts: () => void): Promise<void> {
    await this.root.batch(puts);
  }

  private async expire(partition: LogPartition, retentionDays: number): Promise<number> {
    const oldest = new Date(this.clock.now().getTime() - retentionDays * dayMs);
    const start = this.offsetAt(partition, oldest);
    if (start <= partition.start) return 0;
    const doomed = [
      ...this.log.getKeys({
        start: keyOf(partition.topicId, partition.partition, partition.start),
        end: keyOf(partition.topicId, partition.partition, start),
      }),
    ];
    partition.start = start;
    await this.write(() => void this.meta.put(['start', partition.topicId, partition.partition], start));
    await this.remove(doomed);
    return doomed.length;
  }

  /** Keeps the newest record of each key. Records keep their offsets; readers step over the gaps. */
  private async compact(partition: LogPartition): Promise<number> {
    const { end } = partition;
    if (end === partition.compactedTo) return 0;
    const newest = new Map<string, Buffer>();
    const doomed: Buffer[] = [];
    const range = this.log.getRange({
      start: keyOf(partition.topicId, partition.partition, partition.start),
      end: keyOf(partition.topicId, partition.partition, end),
    });
    for (const { key: place, value } of range) {
      const key = keyOfStored(value);
      if (key === undefined) continue;
      const older = newest.get(key);
      if (older !== undefined) doomed.push(older);
      newest.set(key, Buffer.from(place));
    }
    await this.remove(doomed);
    partition.compactedTo = end;
    return doomed.length;
  }

  /** In small commits, so that appends get their turn in between. */
  private async remove(places: readonly Buffer[]): Promise<void> {
    for (let from = 0; from < places.length; from += 5_000) {
      await this.write(() => {
        for (const place of places.slice(from, from + 5_000)) void this.log.remove(place);
      });
    }
  }

  private restore(path: string): void {
    try {
      for (const { value } of this.meta.getRange({ start: ['topic'], end: ['topic', '\uffff'] })) {
        const { id, retentionDays, ...spec } = specSchema.parse(value);
        const partitions = Array.from({ length: spec.partitions }, (_, partition) =>
          this.restorePartition(spec.name, id, partition),
        );
        this.topicsByName.set(spec.name, { id, spec: { ...spec, retentionDays }, partitions });
      }
      for (const { key, value } of this.meta.getRange({ start: ['group'], end: ['group', '\uffff'] })) {
        const [, group, topic, partition] = key;
        let offsets = this.offsetsByGroup.get(String(group));
        if (offsets === undefined) {
          offsets = new Map<string, number>();
          this.offsetsByGroup.set(String(group), offsets);
        }
        offsets.set(`${String(topic)}/${String(partition)}`, z.number().parse(value));
      }
    } catch (error) {
      void this.root.close();
      throw error instanceof LogCorruptError
        ? error
        : new LogCorruptError(`The log ${path} holds what it never wrote`, error);
    }
  }

  private restorePartition(topic: string, topicId: number, partition: number): LogPartition {
    const restored = emptyPartition(topic, topicId, partition);
    restored.start = z
      .number()
      .default(0)
      .parse(this.meta.get(['start', topicId, partition]));
    restored.end = z
      .number()
      .default(0)
      .parse(this.meta.get(['end', topicId, partition]));
    const [last] = this.log.getRange({
      start: keyOf(topicId, partition, Number.MAX_SAFE_INTEGER),
      end: keyOf(topicId, partition, 0),
      reverse: true,
      limit: 1,
    });
    if (last === undefined) return restored;
    const offset = last.key.readBigUInt64BE(6);
    if (offset >= BigInt(restored.end)) {
      throw new LogCorruptError(
        `Record ${topic}/${partition}/${offset} lies behind the end ${restored.end} of its log`,
      );
    }
    decodeStored({ topic, partition, offset }, last.value);
    restored.lastTimestamp = timestampOfStored(last.value);
    return restored;
  }
}

function emptyPartition(topic: string, topicId: number, partition: number): LogPartition {
  return { topic, topicId, partition, start: 0, end: 0, lastTimestamp: 0, compactedTo: 0, wake: new Set() };
}

/** u32 topic, u16 partition, u64 offset; big-endian, so that bytes sort like numbers. */
function keyOf(topicId: number, partition: number, offset: number): Buffer {
  const key = Buffer.allocUnsafe(14);
  key.writeUInt32BE(topicId, 0);
  key.writeUInt16BE(partition, 4);
  key.writeUInt32BE(Math.floor(offset / 0x1_0000_0000), 6);
  key.writeUInt32BE(offset >>> 0, 10);
  return key;
}
