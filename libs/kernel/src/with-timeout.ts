/**
 * Resolves or rejects like `work`, unless `timeoutMs` pass first: then it rejects with what `onTimeout` returns, and
 * aborts the signal that `work` got.
 */
export async function withTimeout<T>(
  timeoutMs: number,
  onTimeout: () => Error,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const abort = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const timedOut = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(onTimeout());
      abort.abort();
    }, timeoutMs);
  });
  try {
    return await Promise.race([work(abort.signal), timedOut]);
  } finally {
    clearTimeout(timer);
  }
}
