import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bandwidthOfGood, bandwidthOfOthers } from './kernel-bandwidth.js';

fc.configureGlobal({ seed: 20261124 });

describe('the bandwidth', () => {
  it.each([
    [1, 0.1438],
    [10, 0.02373],
    [25, 0.00827],
  ])('of %d good points is by hand at least %d of the range', (points, share) => {
    expect(bandwidthOfGood(points, 1).minShare / share).toBeCloseTo(1, 3);
  });

  it('of the others stops at a hundredth of the range', () => {
    expect([0, 8, 98, 1000].map((points) => bandwidthOfOthers(points, 1).minShare)).toEqual([
      0.5, 0.1, 0.01, 0.01,
    ]);
  });

  it('takes half of what a draw in many numbers goes further back', () => {
    expect([0, 1, 16].map((numbers) => bandwidthOfOthers(5, numbers).factorOfGap)).toEqual([1, 1, 0.5]);
  });

  it('of good points is positive, the narrower one, and narrows with points', () => {
    fc.assert(
      fc.property(fc.nat(1e6), fc.nat(100), (points, numbers) => {
        const good = bandwidthOfGood(points, numbers);
        const others = bandwidthOfOthers(points, numbers);
        expect(good.minShare).toBeGreaterThan(0);
        expect(good.minShare).toBeLessThan(others.minShare);
        expect(good.factorOfGap).toBe(others.factorOfGap);
        expect(bandwidthOfGood(points + 1, numbers).minShare).toBeLessThan(good.minShare);
      }),
    );
  });
});
