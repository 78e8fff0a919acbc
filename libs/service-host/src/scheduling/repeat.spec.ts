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
  it('goes on after a run that failed, and says so', async () => {
    const log = new Log();
    let runs = 0;
    const repeating = repeat('counting', 1, log, () => {
      runs += 1;
      return runs === 1 ? Promise.reject(new Error('no numbers left')) : Promise.resolve();
    });
    onTestFinished(() => repeating.close());
    await eventually(() => expect(runs).toBeGreaterThan(2));
    expect(log.errors).toEqual(['counting went wrong and comes again: no numbers left']);
  });

  it('never runs twice at a time, and waits at the end for the run that is on its way', async () => {
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
});
