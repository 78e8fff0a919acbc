import { describeError, type Closeable } from '@headrace/kernel';
import { type ServiceLogger } from '../service-logger.js';

export interface RepeatedTask extends Closeable {
  /** Runs the task now. During a run it is run once more afterwards, because that run may have looked already. */
  trigger(): void;
  /** Begins nothing more and waits for what is running. */
  close(): Promise<void>;
}

/**
 * Runs a task every `everyMs`, one run at a time: a run that is not over when the next is due swallows that one. A run
 * that fails is logged, and the next one comes all the same.
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
  const begin = (): void => {
    running ??= run().finally(() => (running = undefined));
  };
  const timer = setInterval(begin, everyMs);
  timer.unref();
  return {
    trigger: () => {
      if (closed) return;
      if (running === undefined) begin();
      else again = true;
    },
    close: async () => {
      closed = true;
      clearInterval(timer);
      await running;
    },
  };
}
