import { setTimeout as pause } from 'node:timers/promises';

/**
 * Resolves with what `probe` returns as soon as it neither throws nor rejects. After `timeoutMs` it fails with the
 * probe's last error, so that the test says what was still missing. The default is long on purpose: it ends a test that
 * hangs, and says nothing of how long things may take on a machine with other work to do.
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
