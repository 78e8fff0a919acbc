import { computeMoments } from '@headrace/statistics';
import { describe, expect, it } from 'vitest';
import { addValue, toMoments, noValues } from './value-sums.js';

describe('momentsOfSums', () => {
  it('has the mean and the squared deviations of the values', () => {
    const values = [0.25, -1, 0.5, 0, 0.75];
    const { count, mean, squares } = toMoments(values.reduce(addValue, noValues));
    const expected = computeMoments(values);
    expect(count).toBe(5);
    expect(mean).toBeCloseTo(expected.mean, 14);
    expect(squares).toBeCloseTo(expected.squares, 14);
  });

  it('has no negative squares by rounding, and no mean of nothing that is not a number', () => {
    expect(toMoments([0.1, 0.1, 0.1].reduce(addValue, noValues)).squares).toBeGreaterThanOrEqual(0);
    expect(toMoments(noValues)).toEqual({ count: 0, mean: 0, squares: 0 });
  });
});
