import { describe, expect, it } from 'vitest';
import { isAtOrBefore } from './log-position.js';

describe('A position in a partition', () => {
  const mark = { offset: 2n ** 60n, index: 3 };

  it('is at or before itself', () => {
    expect(isAtOrBefore(mark, mark)).toBe(true);
  });

  it.each([
    [{ offset: 2n ** 60n - 1n, index: 9 }, true],
    [{ offset: 2n ** 60n, index: 2 }, true],
    [{ offset: 2n ** 60n, index: 4 }, false],
    [{ offset: 2n ** 60n + 1n, index: 0 }, false],
  ])('is ordered by offset, then by index inside the record (%o)', (position, expected) => {
    expect(isAtOrBefore(position, mark)).toBe(expected);
  });
});
