import { eventually } from '@headrace/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { PinoServiceLogger } from '../observability/pino-service-logger.js';
import { BackgroundTasks } from './background-tasks.js';

class Count {
  runs = 0;

  execute(): Promise<void> {
    this.runs += 1;
    return Promise.resolve();
  }
}

const log = new PinoServiceLogger('test', { logLevel: 'silent', logFormat: 'json' });

describe('Background tasks', () => {
  it('resolve their use case once, when they start', async () => {
    const count = new Count();
    const tasks = new BackgroundTasks(log);
    onTestFinished(() => tasks.close());
    let resolved = 0;
    tasks.start([{ name: 'counting', everyMs: 1, useCase: Count }], () => {
      resolved += 1;
      return count;
    });
    await eventually(() => expect(count.runs).toBeGreaterThan(2));
    expect(resolved).toBe(1);
  });

  it('run when triggered, even before the start', async () => {
    const count = new Count();
    const tasks = new BackgroundTasks(log);
    onTestFinished(() => tasks.close());
    tasks.trigger(Count);
    tasks.start([{ name: 'counting', everyMs: 3_600_000, useCase: Count }], () => count);
    await eventually(() => expect(count.runs).toBe(1));
    tasks.trigger(Count);
    await eventually(() => expect(count.runs).toBe(2));
  });

  it('are asked to stop before their end is awaited, so that a long run ends early', async () => {
    let end: () => void = () => undefined;
    class Endless {
      execute(): Promise<void> {
        return new Promise((resolve) => {
          end = resolve;
        });
      }

      stop(): void {
        end();
      }
    }
    const tasks = new BackgroundTasks(log);
    tasks.trigger(Endless);
    tasks.start([{ name: 'never ending', everyMs: 3_600_000, useCase: Endless }], () => new Endless());
    await tasks.close();
  });

  it('do not start after they are closed', async () => {
    const tasks = new BackgroundTasks(log);
    await tasks.close();
    tasks.start([{ name: 'counting', everyMs: 1, useCase: Count }], () => {
      throw new Error('resolved after the end');
    });
  });
});
