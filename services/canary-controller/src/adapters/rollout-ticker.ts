import { describeError, type Closeable } from '@headrace/kernel';
import { type ServiceLogger } from '@headrace/service-host';
import { type AdvanceRollouts } from '../application/advance-rollouts.js';

/** Looks at the rollouts at a fixed pace; one look at a time. */
export class RolloutTicker implements Closeable {
  private running: Promise<void> = Promise.resolve();
  private busy = false;
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly advance: AdvanceRollouts,
    everyMs: number,
    private readonly logger: ServiceLogger,
  ) {
    this.timer = setInterval(() => this.tick(), everyMs);
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  private tick(): void {
    if (this.busy) return;
    this.busy = true;
    this.running = this.advance
      .execute()
      .catch((error: unknown) =>
        this.logger.error(
          { error },
          `Looking at the rollouts failed, it is tried again: ${describeError(error)}`,
        ),
      )
      .finally(() => {
        this.busy = false;
      });
  }
}
