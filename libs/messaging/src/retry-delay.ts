import { backoffMs } from '@headrace/kernel';

const redeliveryBackoff = { firstMs: 50, maxMs: 5_000 };

/** Milliseconds before a record is handled again that failed so many times in a row: doubling from 50 ms to 5 s. */
export function retryDelayMs(failures: number): number {
  return backoffMs(redeliveryBackoff, failures);
}
