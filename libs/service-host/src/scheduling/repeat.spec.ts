import { eventually } from '@headrace/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ServiceLogger } from '../service-logger.js';
import { repeat } from './repeat.js';

class Log extends ServiceLogger {
  readonly errors: string[] = [];
  debug(): void {
    return;
  }
  info(): void {
    return;
  }
  warn(): void {
    return;
  }
  error(_fields: Readonly<Record<string, unknown>>, message: string): void {
    this.errors.push(message);
  }
}

describe('repeat', () => {
  it('continues after a failed run and logs it', async () => {
    const log = new Log();
    let runs = 0;
    const repeating = repeat('counting', 1, log, () => {
      runs += 1;
      return runs === 1 ? Promise.reject(new Error('no numbers left')) : Promise.resolve();
    });
    onTestFinished(() => repeating.close());
    await eventually(() => expect(runs).toBeGreaterThan(2));
    expect(log.errors).toEqual(['counting failed and will run again: no numbers left']);
  });

  it('never overlaps runs, and waits for the current run when it closes', async () => {
    let finish: () => void = () => undefined;
    let begun = 0;
    let ended = 0;
    const repeating = repeat('waiting', 1, new Log(), async () => {
      begun += 1;
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      ended += 1;
    });
    let beats = 0;
    const metronome = repeat('beating', 1, new Log(), () => {
      beats += 1;
      return Promise.resolve();
    });
    onTestFinished(() => metronome.close());
    await eventually(() => expect([begun, beats > 5]).toEqual([1, true]));
    const closed = repeating.close();
    expect(ended).toBe(0);
    finish();
    await closed;
    expect([begun, ended]).toEqual([1, 1]);
  });

  it('runs immediately when triggered, and once more when triggered during a run', async () => {
    const finish: (() => void)[] = [];
    const repeating = repeat('working', 3_600_000, new Log(), () => {
      return new Promise<void>((resolve) => {
        finish.push(resolve);
      });
    });
    repeating.trigger();
    repeating.trigger();
    repeating.trigger();
    expect(finish).toHaveLength(1);
    finish[0]?.();
    await eventually(() => expect(finish).toHaveLength(2));
    const closed = repeating.close();
    repeating.trigger();
    finish[1]?.();
    await closed;
    expect(finish).toHaveLength(2);
  });
});
