import { describeError, type Closeable } from '@headrace/kernel';
import { type ServiceLogger } from '@headrace/service-host';
import { type NotifyGroups } from '../application/notify-groups.js';

/** Looks for due notifications at a fixed pace; one look at a time. */
export class NotificationTicker implements Closeable {
  private running: Promise<void> = Promise.resolve();
  private busy = false;
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly notify: NotifyGroups,
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
    this.running = this.notify
      .execute()
      .catch((error: unknown) =>
        this.logger.error(
          {},
          `Looking for due notifications failed, it is tried again: ${describeError(error)}`,
        ),
      )
      .finally(() => {
        this.busy = false;
      });
  }
}
