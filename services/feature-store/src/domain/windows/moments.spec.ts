import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeMoments, momentsOf, noMoments, sampleDeviation, type Moments } from './moments.js';

const samples = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { maxLength: 40 });

function expectClose(actual: Moments, expected: Moments): void {
  expect(actual.count).toBe(expected.count);
  if (expected.count === 0) return;
  expect(actual.sum).toBeCloseTo(expected.sum, 4);
  expect(actual.mean).toBeCloseTo(expected.mean, 6);
  expect(Math.abs(actual.m2 - expected.m2)).toBeLessThanOrEqual(1e-6 + 1e-9 * Math.abs(expected.m2));
  for (const field of ['min', 'max', 'first', 'last'] as const) expect(actual[field]).toBe(expected[field]);
}

describe('moments', () => {
  it('of 2, 4, 9 have mean 5, squared deviations 26 and sample deviation sqrt(13)', () => {
    const moments = momentsOf([2, Number.NaN, 4, 9]);
    expect(moments).toMatchObject({ count: 3, sum: 15, min: 2, max: 9, first: 2, last: 9 });
    expect(moments.mean).toBeCloseTo(5, 12);
    expect(moments.m2).toBeCloseTo(26, 12);
    expect(sampleDeviation(moments)).toBeCloseTo(Math.sqrt(13), 12);
  });

  it('have no deviation of fewer than two samples', () => {
    expect(sampleDeviation(noMoments)).toBeNaN();
    expect(sampleDeviation(momentsOf([3]))).toBeNaN();
  });

  it('merge to the moments of all samples', () => {
    fc.assert(
      fc.property(samples, samples, (a, b) => {
        expectClose(mergeMoments(momentsOf(a), momentsOf(b)), momentsOf([...a, ...b]));
      }),
    );
  });

  it('merge the same whatever is merged first', () => {
    fc.assert(
      fc.property(samples, samples, samples, (a, b, c) => {
        const [x, y, z] = [momentsOf(a), momentsOf(b), momentsOf(c)];
        expectClose(mergeMoments(mergeMoments(x, y), z), mergeMoments(x, mergeMoments(y, z)));
      }),
    );
  });

  it('have the empty set as their neutral element', () => {
    fc.assert(
      fc.property(samples, (a) => {
        const moments = momentsOf(a);
        expect(mergeMoments(moments, noMoments)).toBe(moments);
        expect(mergeMoments(noMoments, moments)).toEqual(moments);
      }),
    );
  });
});
