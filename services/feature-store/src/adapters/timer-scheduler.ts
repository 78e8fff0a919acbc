import { describeError, type Closeable } from '@headrace/kernel';
import { type ServiceLogger } from '@headrace/service-host';
import { Scheduler } from '../application/ports.js';

/** Timers of this process. A failed run is logged and the next one comes in its time. */
export class TimerScheduler extends Scheduler {
  constructor(private readonly logger: ServiceLogger) {
    super();
  }

  every(milliseconds: number, task: () => Promise<void>): Closeable {
    let running: Promise<void> | undefined;
    const timer = setInterval(() => {
      running ??= task()
        .catch((error: unknown) => {
          this.logger.error({ error: describeError(error) }, 'A scheduled task failed');
        })
        .finally(() => {
          running = undefined;
        });
    }, milliseconds);
    timer.unref();
    return {
      async close() {
        clearInterval(timer);
        await running;
      },
    };
  }
}
