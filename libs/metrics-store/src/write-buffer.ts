import { type MetricPoint, type MetricsWriteStatus } from './metrics-store.js';

/** What a flush did with a batch that could not be stored whole. */
export interface BatchOutcome {
  readonly written: number;
  /** Refused for good; trying again would not help. */
  readonly failed: number;
  readonly reason?: Error;
}

export interface WriteBufferOptions {
  /** Points that wait at most. Default 100,000. */
  readonly bufferLimit?: number;
  /** Milliseconds between two attempts to store what waits. Default 1000. */
  readonly flushEveryMs?: number;
}

const batchSize = 5_000;

/**
 * The bounded buffer in front of a store. Points leave it only after the store has them, or has refused them for good;
 * a store that is away fills it, and then points are dropped and counted.
 */
export class WriteBuffer {
  private points: MetricPoint[] = [];
  private accepted = 0;
  private written = 0;
  private dropped = 0;
  private failed = 0;
  private turn: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
  private readonly limit: number;
  private readonly flushEveryMs: number;
  lastFailure: Error | undefined;

  /** `store` rejects when the whole batch is worth another attempt. */
  constructor(
    private readonly store: (points: readonly MetricPoint[]) => Promise<BatchOutcome>,
    options: WriteBufferOptions,
  ) {
    this.limit = options.bufferLimit ?? 100_000;
    this.flushEveryMs = options.flushEveryMs ?? 1_000;
  }

  /** Infinity and NaN cannot be stored; such points count as failed at once. */
  add(points: readonly MetricPoint[]): number {
    const good = points.filter(isStorable);
    const taken = Math.min(good.length, Math.max(0, this.limit - this.points.length));
    for (let index = 0; index < taken; index += 1) this.points.push(good[index] as MetricPoint);
    this.accepted += taken;
    this.dropped += good.length - taken;
    this.failed += points.length - good.length;
    if (taken > 0) this.schedule();
    return taken;
  }

  flush(): Promise<void> {
    const turn = this.turn.then(() => this.drain());
    this.turn = turn.catch((error: unknown) => {
      this.lastFailure = error instanceof Error ? error : new Error(String(error));
    });
    return turn;
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  /** Counts what is given up, when the process ends and the store is still away. */
  abandon(): void {
    this.failed += this.points.length;
    this.points = [];
  }

  status(): MetricsWriteStatus {
    const { accepted, written, dropped, failed } = this;
    return { accepted, written, dropped, failed, buffered: this.points.length };
  }

  private schedule(): void {
    if (this.timer !== undefined) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      void this.turn
        .then(() => this.flush())
        .then(undefined, () => {
          // Kept in `lastFailure`, shown by `check` and `status`; the points stay and are tried again.
          this.schedule();
        });
    }, this.flushEveryMs);
    this.timer.unref();
  }

  private async drain(): Promise<void> {
    let refused: Error | undefined;
    let end = this.points.length;
    while (end > 0) {
      const batch = this.points.slice(0, Math.min(batchSize, end));
      const { written, failed, reason } = await this.store(batch);
      this.points.splice(0, batch.length);
      end -= batch.length;
      this.written += written;
      this.failed += failed;
      refused ??= reason;
    }
    this.lastFailure = undefined;
    if (refused !== undefined) throw refused;
  }
}

function isStorable({ measurement, fields, time }: MetricPoint): boolean {
  const values = Object.values(fields);
  return (
    measurement !== '' &&
    values.length > 0 &&
    values.every((value) => Number.isFinite(value)) &&
    Number.isFinite(time.getTime())
  );
}
