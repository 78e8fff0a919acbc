import { backoffMs } from '@headrace/kernel';

/** How often and how patiently a handler is tried again after a retryable error. */
export interface RetryPolicy {
  /** Calls altogether, the first included. At least 1. */
  readonly maxAttempts: number;
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  /** Growth of the delay from attempt to attempt. At least 1. */
  readonly factor: number;
}

/** About four minutes of patience: longer than a broker or database needs to restart. */
export const defaultRetryPolicy: RetryPolicy = {
  maxAttempts: 12,
  firstDelayMs: 200,
  maxDelayMs: 30_000,
  factor: 2,
};

/** The pause after the `attempt`-th failed call; undefined when there is to be no other. */
export function delayAfter(attempt: number, policy: RetryPolicy): number | undefined {
  if (attempt >= policy.maxAttempts) return undefined;
  const { firstDelayMs, maxDelayMs, factor } = policy;
  return backoffMs({ firstMs: firstDelayMs, maxMs: maxDelayMs, factor }, attempt);
}
