import { expect, it } from 'vitest';
import { retryDelayMs } from './retry-delay.js';

it('doubles from 50 ms to 5 s, and stays there however often a record fails', () => {
  expect([1, 2, 3, 7, 8, 100_000].map(retryDelayMs)).toEqual([50, 100, 200, 3_200, 5_000, 5_000]);
});
