/** Milliseconds before a record is handled again that failed so many times in a row: doubling from 50 ms to 5 s. */
export function retryDelayMs(failures: number): number {
  return Math.min(5_000, 50 * 2 ** (failures - 1));
}
