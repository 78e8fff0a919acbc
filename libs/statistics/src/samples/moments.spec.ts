import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeMoments, type Moments, computeMoments, emptyMoments, sampleVariance } from './moments.js';

fc.configureGlobal({ seed: 20261124 });

const column = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { maxLength: 40 });
const close = (first: Moments, second: Moments): void => {
  expect(first.count).toBe(second.count);
  expect(first.mean).toBeCloseTo(second.mean, 6);
  expect(Math.abs(first.squares - second.squares)).toBeLessThanOrEqual(1e-9 * (1 + first.squares));
};

describe('moments', () => {
  it('by hand: 2, 4, 4, 4, 5, 5, 7, 9 have the mean 5 and squared deviations of 32', () => {
    const moments = computeMoments([2, 4, 4, 4, 5, 5, 7, 9]);
    expect(moments).toEqual({ count: 8, mean: 5, squares: 32 });
    expect(sampleVariance(moments)).toBeCloseTo(32 / 7, 14);
  });

  it('leave out what is not finite and know no variance of one value', () => {
    expect(computeMoments([NaN, Infinity, 3])).toEqual({ count: 1, mean: 3, squares: 0 });
    expect(sampleVariance(computeMoments([3]))).toBeUndefined();
    expect(computeMoments([])).toEqual(emptyMoments);
  });

  it('merge to those of all values, in any order and grouping, but for rounding', () => {
    fc.assert(
      fc.property(column, column, column, (a, b, c) => {
        const [x, y, z] = [computeMoments(a), computeMoments(b), computeMoments(c)];
        const whole = computeMoments([...a, ...b, ...c]);
        close(mergeMoments(mergeMoments(x, y), z), whole);
        close(mergeMoments(x, mergeMoments(y, z)), whole);
        close(mergeMoments(z, mergeMoments(y, x)), whole);
        expect(mergeMoments(x, emptyMoments)).toEqual(x);
      }),
    );
  });

  it('keep a variance of 1 beside a mean of 1e9, where sums of squares have lost it', () => {
    const far = [1e9 - 1, 1e9, 1e9 + 1];
    expect(sampleVariance(mergeMoments(computeMoments(far), computeMoments(far)))).toBeCloseTo(0.8, 12);
  });
});
