/** How the wait before a retry grows. */
export interface BackoffPolicy {
  readonly firstMs: number;
  readonly maxMs: number;
  /** Growth from one attempt to the next. At least 1; default 2. */
  readonly factor?: number;
}

/**
 * Milliseconds to wait after the `attempt`-th failed attempt, counted from 1. Grows exponentially from `firstMs` and
 * stays at `maxMs`.
 */
export function backoffMs({ firstMs, maxMs, factor = 2 }: BackoffPolicy, attempt: number): number {
  return Math.min(maxMs, firstMs * factor ** Math.max(0, attempt - 1));
}
