import { expect, it, onTestFinished, vi } from 'vitest';
import { withTimeout } from './with-timeout.js';

const late = () => new Error('too late');

function useFakeTimers(): void {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
}

it('answers what the work answers in time, and leaves no timer behind', async () => {
  useFakeTimers();
  await expect(withTimeout(100, late, () => Promise.resolve('done'))).resolves.toBe('done');
  expect(vi.getTimerCount()).toBe(0);
});

it('rejects with the error of the work, and leaves no timer behind', async () => {
  useFakeTimers();
  await expect(withTimeout(100, late, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(vi.getTimerCount()).toBe(0);
});

it('rejects when the time is up, and aborts the signal of the work', async () => {
  useFakeTimers();
  let signal: AbortSignal | undefined;
  const result = withTimeout(100, late, (given) => {
    signal = given;
    return new Promise<never>(() => undefined);
  });
  const rejected = expect(result).rejects.toThrow('too late');
  await vi.advanceTimersByTimeAsync(99);
  expect(signal?.aborted).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  await rejected;
  expect(signal?.aborted).toBe(true);
});
