import { describeError, type Closeable } from '@headrace/kernel';
import { type ServiceLogger } from '../service-logger.js';

/**
 * Runs a task every `everyMs`, one run at a time: a run that is not over when the next is due swallows that one. A run that
 * fails is logged, and the next one comes all the same. `close` begins nothing more and waits for what is running.
 */
export function repeat(
  name: string,
  everyMs: number,
  logger: ServiceLogger,
  task: () => Promise<unknown>,
): Closeable {
  let running: Promise<void> | undefined;
  const run = async (): Promise<void> => {
    try {
      await task();
    } catch (error) {
      logger.error({ error, task: name }, `${name} went wrong and comes again: ${describeError(error)}`);
    }
  };
  const timer = setInterval(() => {
    running ??= run().finally(() => (running = undefined));
  }, everyMs);
  timer.unref();
  return {
    close: async () => {
      clearInterval(timer);
      await running;
    },
  };
}
