import { setTimeout as pause } from 'node:timers/promises';
import { describeError, isAppError, type Closeable } from '@headrace/kernel';
import { type ServiceLogger } from '@headrace/service-host';
import { type AcceptReadings } from './accept-readings.js';
import { type ReadingSource } from './ports.js';

export interface SourceProgress {
  readonly name: string;
  readonly readings: number;
  readonly historyReadings: number | undefined;
}

/** Lets sources in through the same door as everybody else; back-pressure makes them wait. */
export class RunSources implements Closeable {
  private readonly delivered = new Map<ReadingSource, number>();
  private readonly stopping = new AbortController();
  private running: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly sources: readonly ReadingSource[],
    private readonly accept: AcceptReadings,
    private readonly logger: ServiceLogger,
  ) {}

  execute(): void {
    this.running = Promise.all(this.sources.map((source) => this.run(source)));
  }

  /** How many readings of each source were taken since this start, and how many of the past there are. */
  progress(): readonly SourceProgress[] {
    return this.sources.map((source) => ({
      name: source.name,
      readings: this.delivered.get(source) ?? 0,
      historyReadings: source.historyReadings,
    }));
  }

  async close(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(source: ReadingSource): Promise<void> {
    const { signal } = this.stopping;
    this.logger.info({ source: source.name }, `Source ${source.name} begins`);
    try {
      for await (const batch of source.batches(signal)) {
        if (!(await this.deliver(batch, signal))) break;
        this.delivered.set(source, (this.delivered.get(source) ?? 0) + batch.length);
      }
    } catch (error) {
      if (signal.aborted) return;
      this.logger.error(
        { source: source.name, error },
        `Source ${source.name} ended: ${describeError(error)}`,
      );
    }
  }

  private async deliver(batch: readonly unknown[], signal: AbortSignal): Promise<boolean> {
    for (let waitMs = 50; !signal.aborted; waitMs = Math.min(2 * waitMs, 5_000)) {
      try {
        await this.accept.execute(batch.map((content) => ({ content })));
        return true;
      } catch (error) {
        if (!isAppError(error) || !error.retryable) throw error;
      }
      await pause(waitMs, undefined, { signal });
    }
    return false;
  }
}
