import { setTimeout as pause } from 'node:timers/promises';
import { describeError, isAppError } from '@headrace/kernel';
import { ServiceLogger } from '@headrace/service-host';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { AcceptReadings } from './accept-readings.js';
import { type ReadingSource } from './ports.js';
import { ReadingSources } from './reading-sources.js';

/**
 * Starts every source and returns. Their readings are accepted like those of any producer; back-pressure makes a source
 * wait. Sources end with the service.
 */
@Injectable()
export class RunSources implements OnModuleDestroy {
  private readonly stopping = new AbortController();
  private running: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly sources: ReadingSources,
    private readonly accept: AcceptReadings,
    private readonly logger: ServiceLogger,
  ) {}

  execute(): Promise<void> {
    this.running = Promise.all(this.sources.all.map((source) => this.run(source)));
    return Promise.resolve();
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(source: ReadingSource): Promise<void> {
    const { signal } = this.stopping;
    this.logger.info({ source: source.name }, `Source ${source.name} started`);
    try {
      for await (const batch of source.batches(signal)) {
        if (!(await this.deliver(batch, signal))) break;
        this.sources.countDelivered(source, batch.length);
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
