import { type Closeable, describeError } from '@headrace/kernel';
import { type ServiceLogger } from '@headrace/service-host';

/**
 * Asks again and again whether a window is due, so that silence is found out too. One round at a time; a failed round is
 * logged and the next one tries again.
 */
export class CheckTimer implements Closeable {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private closed = false;

  constructor(
    private readonly round: () => Promise<void>,
    private readonly everyMs: number,
    private readonly logger: ServiceLogger,
  ) {}

  start(): void {
    if (this.closed) return;
    this.timer = setTimeout(() => {
      this.running = this.tick();
    }, this.everyMs);
    this.timer.unref();
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private async tick(): Promise<void> {
    try {
      await this.round();
    } catch (error) {
      this.logger.warn(
        { error: describeError(error) },
        'A check for due windows failed; the next one tries again',
      );
    }
    this.start();
  }
}
