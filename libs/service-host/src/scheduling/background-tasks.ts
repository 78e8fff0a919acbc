import { describeError, type Closeable } from '@headrace/kernel';
import { type Type } from '@nestjs/common';
import { type ServiceLogger } from '../service-logger.js';
import { repeat, type RepeatedTask } from './repeat.js';

/** A use case without input, which the host can run by itself. */
export interface RunnableUseCase {
  execute(): Promise<unknown>;
  /** Called once as the service shuts down: a long run must end soon, and no further run begins. */
  stop?(): void;
}

/** Periodic work of a service, besides handling events and requests. */
export interface BackgroundTask {
  /** Used in the log: `judging rollouts`. */
  readonly name: string;
  readonly everyMs: number;
  /** Resolved from the Nest container of the service. */
  readonly useCase: Type<RunnableUseCase>;
}

/**
 * The background tasks of one service. They start when the service listens and consumes; each first runs `everyMs` later.
 * Runs of one task never overlap. The tasks stop before the container closes.
 */
export class BackgroundTasks implements Closeable {
  private readonly useCases: RunnableUseCase[] = [];
  private readonly running = new Map<Type<RunnableUseCase>, RepeatedTask>();
  private readonly triggeredEarly = new Set<Type<RunnableUseCase>>();
  private closed = false;

  constructor(private readonly logger: ServiceLogger) {}

  start(
    tasks: readonly BackgroundTask[],
    resolve: (useCase: Type<RunnableUseCase>) => RunnableUseCase,
  ): void {
    if (this.closed) return;
    for (const { name, everyMs, useCase } of tasks) {
      const instance = resolve(useCase);
      this.useCases.push(instance);
      const task = repeat(name, everyMs, this.logger, () => instance.execute());
      this.running.set(useCase, task);
      if (this.triggeredEarly.delete(useCase)) task.trigger();
    }
  }

  /** Runs a task now, without waiting for it. A trigger before the start runs the task at the start. */
  trigger(useCase: Type<RunnableUseCase>): void {
    const task = this.running.get(useCase);
    if (task === undefined) this.triggeredEarly.add(useCase);
    else task.trigger();
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const useCase of this.useCases) useCase.stop?.();
    const closing = await Promise.allSettled([...this.running.values()].map((task) => task.close()));
    for (const outcome of closing) {
      if (outcome.status === 'rejected') {
        this.logger.error({ error: outcome.reason as unknown }, describeError(outcome.reason));
      }
    }
  }
}
