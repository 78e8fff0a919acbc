import { describeError } from '@headrace/kernel';
import { type ServiceLogger } from '@headrace/service-host';
import { Scheduler, type ScheduledWork } from '../application/scheduler.js';

/** Scheduler on the timers of this process. An error is logged, and the work runs again at its next turn. */
export class TimerScheduler extends Scheduler {
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly running = new Set<Promise<void>>();
  private closed = false;

  constructor(private readonly logger: ServiceLogger) {
    super();
  }

  every(name: string, everyMs: number, work: () => Promise<void>): ScheduledWork {
    let current: Promise<void> | undefined;
    let again = false;
    const turn = async (): Promise<void> => {
      try {
        await work();
      } catch (error) {
        this.logger.error({ work: name, error: describeError(error) }, 'Scheduled work did not succeed');
      }
    };
    const start = (): void => {
      if (this.closed || current !== undefined) return;
      again = false;
      const running = turn().finally(() => {
        current = undefined;
        this.running.delete(running);
        if (again) start();
      });
      current = running;
      this.running.add(running);
    };
    this.timers.add(setInterval(start, everyMs));
    return {
      trigger: () => {
        again = true;
        start();
      },
    };
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const timer of this.timers) clearInterval(timer);
    await Promise.all(this.running);
  }
}
