import { describeError, type Closeable } from '@headrace/kernel';
import { type ServiceLogger } from '../service-logger.js';

export interface RepeatedTask extends Closeable {
  /** Runs the task now. During a run, schedules one more, because the current run may have missed the change. */
  trigger(): void;
  /** Starts no further run and waits for the current one. */
  close(): Promise<void>;
}

/**
 * Runs a task every `everyMs`. Runs never overlap: a run that is due during another one is skipped. A failed run is
 * logged and does not affect the next one.
 */
export function repeat(
  name: string,
  everyMs: number,
  logger: ServiceLogger,
  task: () => Promise<unknown>,
): RepeatedTask {
  let running: Promise<void> | undefined;
  let again = false;
  let closed = false;
  const run = async (): Promise<void> => {
    do {
      again = false;
      try {
        await task();
      } catch (error) {
        logger.error({ error, task: name }, `${name} failed and will run again: ${describeError(error)}`);
      }
    } while (isTriggered());
  };
  // A function, because the compiler does not see that `again` changes while the task runs.
  const isTriggered = (): boolean => again && !closed;
  const start = (): void => {
    running ??= run().finally(() => (running = undefined));
  };
  const timer = setInterval(start, everyMs);
  timer.unref();
  return {
    trigger: () => {
      if (closed) return;
      if (running === undefined) start();
      else again = true;
    },
    close: async () => {
      closed = true;
      clearInterval(timer);
      await running;
    },
  };
}
