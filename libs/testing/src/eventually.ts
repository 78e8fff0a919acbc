import { setTimeout as pause } from 'node:timers/promises';

/**
 * Resolves with what `probe` returns as soon as it neither throws nor rejects. After `timeoutMs` it fails with the
 * probe's last error, so that the test says what was still missing. The default is long on purpose: it only ends a test
 * that hangs, because things may take long on a busy machine.
 */
export async function eventually<T>(
  probe: () => T | Promise<T>,
  { timeoutMs = 60_000, everyMs = 20 }: { timeoutMs?: number; everyMs?: number } = {},
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await probe();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await pause(everyMs);
  }
}
