import { randomBytes } from 'node:crypto';
import { DirectoryInUseError, holdDirectory } from '@headrace/embedded-storage';
import { describeError, SystemClock, type Clock } from '@headrace/kernel';
import { type RootDatabase } from 'lmdb';
import { Cache, type Cached, type CacheWrite } from '../cache.js';
import { CacheClosedError, CacheCorruptError, CacheUnavailableError } from '../cache-errors.js';
import { checkWrite } from '../check-write.js';
import { openCacheFile } from './cache-file.js';
import { decodeEntry, encodeEntry, type Entry } from './stored-entry.js';

export interface EmbeddedCacheOptions {
  readonly clock?: Clock;
  /** How long a write may stay in memory only. Default 100 ms. */
  readonly writeBehindMs?: number;
  /** Bytes that may wait for the disk; beyond them a write waits until they are stored. Default 32 MiB. */
  readonly unwrittenLimitBytes?: number;
}

const sweepEveryMs = 30_000;

/**
 * Everything in a map of this process, written behind to an LMDB file in `directory`. One process, one machine: a
 * second process is refused. All keys must fit into memory. `kill -9` loses what was written since the last `flush`,
 * at most `writeBehindMs` worth of it.
 */
export async function openEmbeddedCache(
  directory: string,
  options: EmbeddedCacheOptions = {},
): Promise<EmbeddedCache> {
  const release = holdDirectory(
    directory,
    (holder) => new DirectoryInUseError('CACHE_DATA_DIRECTORY_IN_USE', directory, holder),
  );
  let file: RootDatabase<Buffer, string> | undefined;
  try {
    file = openCacheFile(directory);
    const cache = new EmbeddedCache(directory, file, release, options);
    cache.restore();
    return cache;
  } catch (error) {
    await file?.close();
    release();
    throw error;
  }
}

export class EmbeddedCache extends Cache {
  private readonly entries = new Map<string, Entry>();
  /** Keys whose stored state is older than that of the map. */
  private dirty = new Set<string>();
  private dirtyBytes = 0;
  private writing: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
  private readonly sweeper: NodeJS.Timeout;
  private closed = false;
  private closing: Promise<void> | undefined;
  private readonly clock: Clock;
  private readonly writeBehindMs: number;
  private readonly limitBytes: number;
  /** Versions of two runs never meet. */
  private readonly run = randomBytes(6).toString('hex');
  private writes = 0;
  private failure: unknown;

  constructor(
    private readonly directory: string,
    private readonly file: RootDatabase<Buffer, string>,
    private readonly release: () => void,
    options: EmbeddedCacheOptions,
  ) {
    super();
    this.clock = options.clock ?? new SystemClock();
    this.writeBehindMs = options.writeBehindMs ?? 100;
    this.limitBytes = options.unwrittenLimitBytes ?? 32 * 1024 * 1024;
    this.sweeper = setInterval(() => {
      this.sweep();
    }, sweepEveryMs);
    this.sweeper.unref();
  }

  restore(): void {
    try {
      for (const { key, value } of this.file.getRange()) this.entries.set(key, decodeEntry(key, value));
    } catch (error) {
      if (error instanceof CacheCorruptError) throw error;
      throw new CacheCorruptError(`${this.directory} cannot be read`, { cause: error });
    }
    this.sweep();
  }

  get(key: string): Promise<Cached | undefined> {
    return this.later(() => this.read(key, this.clock.now().getTime()));
  }

  getMany(keys: readonly string[]): Promise<readonly (Cached | undefined)[]> {
    return this.later(() => {
      const now = this.clock.now().getTime();
      return keys.map((key) => this.read(key, now));
    });
  }

  set(write: CacheWrite): Promise<void> {
    return this.setMany([write]);
  }

  async setMany(writes: readonly CacheWrite[]): Promise<void> {
    await this.later(() => {
      writes.forEach(checkWrite);
      for (const write of writes) this.store(write);
    });
    await this.waitForRoom();
  }

  async compareAndSet(write: CacheWrite, expected: string | undefined): Promise<boolean> {
    const replaced = await this.later(() => {
      checkWrite(write);
      if (this.findLive(write.key, this.clock.now().getTime())?.version !== expected) return false;
      this.store(write);
      return true;
    });
    await this.waitForRoom();
    return replaced;
  }

  delete(keys: readonly string[]): Promise<void> {
    return this.later(() => {
      for (const key of keys) if (this.entries.delete(key)) this.markDirty(key, 0);
    });
  }

  async *keys(prefix: string): AsyncIterable<string> {
    const now = await this.later(() => this.clock.now().getTime());
    for (const key of [...this.entries.keys()]) {
      if (key.startsWith(prefix) && this.findLive(key, now) !== undefined) yield key;
    }
  }

  async flush(): Promise<void> {
    this.assertOpen();
    await this.writeBehind();
    await this.file.flushed;
  }

  async check(): Promise<void> {
    this.assertOpen();
    if (this.failure !== undefined) await this.writeBehind();
  }

  close(): Promise<void> {
    this.closing ??= this.shut();
    return this.closing;
  }

  private async shut(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    clearInterval(this.sweeper);
    try {
      await this.writeBehind();
      await this.file.flushed;
    } finally {
      await this.file.close();
      this.release();
    }
  }

  /** Answers in a later turn, as a store over a network does, so that nobody comes to rely on an answer at once. */
  private async later<T>(operation: () => T): Promise<T> {
    this.assertOpen();
    await Promise.resolve();
    return operation();
  }

  private assertOpen(): void {
    if (this.closed) throw new CacheClosedError();
  }

  private findLive(key: string, now: number): Entry | undefined {
    const entry = this.entries.get(key);
    return entry !== undefined && entry.expiresAt > now ? entry : undefined;
  }

  private read(key: string, now: number): Cached | undefined {
    const entry = this.findLive(key, now);
    if (entry === undefined) return undefined;
    // A copy: a caller that changes what it got must not change what is stored.
    const value = Uint8Array.prototype.slice.call(entry.value);
    return { value, ageMs: Math.max(0, now - entry.writtenAt), version: entry.version };
  }

  private store({ key, value, ttlMs }: CacheWrite): void {
    const now = this.clock.now().getTime();
    this.writes += 1;
    this.entries.set(key, {
      value: Buffer.from(value),
      writtenAt: now,
      expiresAt: ttlMs === undefined ? Infinity : now + ttlMs,
      version: `${this.run}.${this.writes.toString(36)}`,
    });
    this.markDirty(key, value.byteLength);
  }

  private markDirty(key: string, bytes: number): void {
    this.dirty.add(key);
    this.dirtyBytes += bytes + key.length + 64;
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      // The failure is kept: `check`, `flush` and the next write report it, and the keys stay marked.
      this.writeBehind().catch((error: unknown) => (this.failure = error));
    }, this.writeBehindMs);
  }

  private async waitForRoom(): Promise<void> {
    if (this.dirtyBytes > this.limitBytes) await this.writeBehind();
  }

  /** One commit at a time; what changes during a commit is in the next one. */
  private writeBehind(): Promise<void> {
    const turn = this.writing.then(() => this.commit());
    this.writing = turn.catch(() => undefined);
    return turn;
  }

  private async commit(): Promise<void> {
    if (this.dirty.size === 0) return;
    const keys = this.dirty;
    const bytes = this.dirtyBytes;
    this.dirty = new Set();
    this.dirtyBytes = 0;
    try {
      await this.file.batch(() => {
        for (const key of keys) {
          const entry = this.entries.get(key);
          void (entry === undefined ? this.file.remove(key) : this.file.put(key, encodeEntry(entry)));
        }
      });
      this.failure = undefined;
    } catch (error) {
      for (const key of keys) this.dirty.add(key);
      this.dirtyBytes += bytes;
      const failure = new CacheUnavailableError(
        `${this.directory} cannot be written (${describeError(error)})`,
        {
          cause: error,
        },
      );
      this.failure = failure;
      throw failure;
    }
  }

  private sweep(): void {
    const now = this.clock.now().getTime();
    for (const [key, { expiresAt }] of this.entries) {
      if (expiresAt > now) continue;
      this.entries.delete(key);
      this.markDirty(key, 0);
    }
  }
}
