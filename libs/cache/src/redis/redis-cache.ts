import { randomBytes } from 'node:crypto';
import { backoffMs, describeError, SystemClock, type AppError, type Clock } from '@headrace/kernel';
import { Redis, ReplyError } from 'ioredis';
import { Cache, type Cached, type CacheWrite } from '../cache.js';
import { CacheClosedError, CacheRefusedError, CacheUnavailableError } from '../cache-errors.js';
import { checkWrite } from '../check-write.js';

export interface RedisCacheOptions {
  readonly clock?: Clock;
  /** Put before every key, so that several installations share a server. Default `headrace:`. */
  readonly keyPrefix?: string;
  /** A server that does not answer within this time counts as down. Default 2000 ms. */
  readonly timeoutMs?: number;
}

const versionBytes = 8;
const headBytes = 8 + versionBytes;

/** Compares the version inside the stored value and writes, in one step. `expected` empty: only if absent. */
const compareAndSetScript = `
local stored = redis.call('GET', KEYS[1])
local version = ''
if stored then version = string.sub(stored, 9, ${headBytes}) end
if version ~= ARGV[1] then return 0 end
if ARGV[3] == '' then redis.call('SET', KEYS[1], ARGV[2]) else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
return 1`;

/** Answers of a server that is there but cannot serve at the moment. */
const temporary = /^(LOADING|READONLY|OOM|MASTERDOWN|BUSY|TRYAGAIN|CLUSTERDOWN|MISCONF|NOREPLICAS)\b/;

/**
 * Redis 6.2 or newer, one server or a fail-over address; not Redis Cluster (`getMany` reads many slots at once). A value
 * is stored with its time of writing and its version in front of it. How much a crash of the server loses is its own
 * `appendonly` setting; `flush` resolves when the server has acknowledged everything.
 *
 * While the server is away, calls reject at once instead of queueing; the connection comes back by itself.
 */
export async function openRedisCache(url: string, options: RedisCacheOptions = {}): Promise<RedisCache> {
  const timeoutMs = options.timeoutMs ?? 2_000;
  const client = new Redis(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: timeoutMs,
    commandTimeout: timeoutMs,
    retryStrategy: (attempt) => backoffMs({ firstMs: 100, maxMs: 1_000 }, attempt),
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  });
  const cache = new RedisCache(client, options);
  await cache.connect();
  return cache;
}

export class RedisCache extends Cache {
  private readonly clock: Clock;
  private readonly prefix: string;
  private connectionFailure: Error | undefined;
  private readonly inFlight = new Set<Promise<unknown>>();
  private closing: Promise<void> | undefined;

  constructor(
    private readonly client: Redis,
    options: RedisCacheOptions,
  ) {
    super();
    this.clock = options.clock ?? new SystemClock();
    this.prefix = options.keyPrefix ?? 'headrace:';
    client.on('error', (error: Error) => (this.connectionFailure = error));
    client.on('ready', () => (this.connectionFailure = undefined));
  }

  /** A server that is away at the start is waited for in the background; calls reject until it is there. */
  async connect(): Promise<void> {
    try {
      await this.client.connect();
    } catch (error) {
      this.connectionFailure ??= error instanceof Error ? error : new Error(String(error));
    }
  }

  async get(key: string): Promise<Cached | undefined> {
    const stored = await this.ask(() => this.client.getBuffer(this.prefix + key));
    return this.decode(stored, this.clock.now().getTime());
  }

  async getMany(keys: readonly string[]): Promise<readonly (Cached | undefined)[]> {
    if (keys.length === 0) return [];
    const stored = await this.ask(() => this.client.mgetBuffer(keys.map((key) => this.prefix + key)));
    const now = this.clock.now().getTime();
    return stored.map((value) => this.decode(value, now));
  }

  set(write: CacheWrite): Promise<void> {
    return this.setMany([write]);
  }

  async setMany(writes: readonly CacheWrite[]): Promise<void> {
    writes.forEach(checkWrite);
    if (writes.length === 0) return;
    const pipeline = this.client.pipeline();
    for (const { key, value, ttlMs } of writes) {
      const stored = this.encode(value);
      if (ttlMs === undefined) pipeline.set(this.prefix + key, stored);
      else pipeline.set(this.prefix + key, stored, 'PX', wholeMs(ttlMs));
    }
    const answers = await this.ask(() => pipeline.exec());
    for (const [error] of answers ?? []) if (error !== null) throw this.translate(error);
  }

  async compareAndSet({ key, value, ttlMs }: CacheWrite, expected: string | undefined): Promise<boolean> {
    checkWrite({ key, value, ttlMs });
    const version = expected === undefined ? Buffer.alloc(0) : Buffer.from(expected, 'hex');
    // A version that this store did not issue matches nothing; as an empty one it would mean "absent".
    if (expected !== undefined && version.length !== versionBytes) return false;
    const answer = await this.ask(() =>
      this.client.eval(
        compareAndSetScript,
        1,
        this.prefix + key,
        version,
        this.encode(value),
        ttlMs === undefined ? '' : String(wholeMs(ttlMs)),
      ),
    );
    return answer === 1;
  }

  async delete(keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return;
    await this.ask(() => this.client.unlink(keys.map((key) => this.prefix + key)));
  }

  async *keys(prefix: string): AsyncIterable<string> {
    const pattern = `${(this.prefix + prefix).replaceAll(/[\\*?[\]]/g, '\\$&')}*`;
    // SCAN may answer a key twice while the server resizes its table.
    const seen = new Set<string>();
    let cursor = '0';
    do {
      const from = cursor;
      const [next, found] = await this.ask(() => this.client.scan(from, 'MATCH', pattern, 'COUNT', 1_000));
      cursor = next;
      for (const key of found) {
        if (seen.has(key)) continue;
        seen.add(key);
        yield key.slice(this.prefix.length);
      }
    } while (cursor !== '0');
  }

  async flush(): Promise<void> {
    const settled = await Promise.allSettled([...this.inFlight]);
    const failed = settled.find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw this.translate(failed.reason);
  }

  async check(): Promise<void> {
    await this.ask(() => this.client.ping());
  }

  close(): Promise<void> {
    this.closing ??= this.shut();
    return this.closing;
  }

  private async shut(): Promise<void> {
    await Promise.allSettled([...this.inFlight]);
    this.client.disconnect();
  }

  private async ask<T>(command: () => Promise<T>): Promise<T> {
    if (this.closing !== undefined) throw new CacheClosedError();
    const answer = command();
    this.inFlight.add(answer);
    try {
      return await answer;
    } catch (error) {
      throw this.translate(error);
    } finally {
      this.inFlight.delete(answer);
    }
  }

  private translate(error: unknown): AppError {
    const message = describeError(error);
    if (error instanceof ReplyError && !temporary.test(message)) {
      return new CacheRefusedError(`Redis refused: ${message}`, { cause: error });
    }
    const why = this.connectionFailure === undefined ? message : describeError(this.connectionFailure);
    const { host, port } = this.client.options;
    return new CacheUnavailableError(`Redis at ${host ?? ''}:${port ?? ''} cannot be used now (${why})`, {
      cause: error,
    });
  }

  private encode(value: Uint8Array): Buffer {
    const head = Buffer.allocUnsafe(8);
    head.writeDoubleBE(this.clock.now().getTime(), 0);
    return Buffer.concat([head, randomBytes(versionBytes), value]);
  }

  private decode(stored: Buffer | null, now: number): Cached | undefined {
    if (stored === null) return undefined;
    if (stored.length < headBytes) {
      throw new CacheRefusedError(
        'Redis holds a value that this cache did not write; use another key prefix',
      );
    }
    return {
      value: Uint8Array.prototype.slice.call(stored, headBytes),
      ageMs: Math.max(0, now - stored.readDoubleBE(0)),
      version: stored.toString('hex', 8, headBytes),
    };
  }
}

/** Redis takes whole milliseconds; shorter is right, because a value must not outlive its TTL. */
function wholeMs(ttlMs: number): number {
  return Math.max(1, Math.floor(ttlMs));
}
