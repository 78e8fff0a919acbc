import { expect, it } from 'vitest';
import { backoffMs } from './backoff.js';

it('doubles from the first wait and stays at the maximum', () => {
  const waits = [1, 2, 3, 7, 8, 100_000].map((attempt) => backoffMs({ firstMs: 50, maxMs: 5_000 }, attempt));
  expect(waits).toEqual([50, 100, 200, 3_200, 5_000, 5_000]);
});

it('grows by the factor of the policy', () => {
  const policy = { firstMs: 100, maxMs: 1_000, factor: 3 };
  expect([1, 2, 3, 4].map((attempt) => backoffMs(policy, attempt))).toEqual([100, 300, 900, 1_000]);
});

it('waits the first time before any attempt has failed', () => {
  expect(backoffMs({ firstMs: 50, maxMs: 5_000 }, 0)).toBe(50);
});
