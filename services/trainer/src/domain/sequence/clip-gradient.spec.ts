import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clipFactor, globalNorm } from './clip-gradient.js';

describe('clipping', () => {
  it('takes the norm over all arrays together', () => {
    expect(globalNorm([[3, 0], [4], []])).toBe(5);
  });

  it('shortens what is too long and leaves what is not', () => {
    expect(clipFactor(5, 1)).toBe(0.2);
    expect(clipFactor(1, 1)).toBe(1);
    expect(clipFactor(0, 1)).toBe(1);
  });

  it('has no factor for a norm that is not finite', () => {
    expect(clipFactor(Infinity, 1)).toBeUndefined();
    expect(clipFactor(Number.NaN, 1)).toBeUndefined();
  });

  it('leaves no gradient longer than the limit', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1 }),
        fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
        (gradient, limit) => {
          const factor = clipFactor(globalNorm([gradient]), limit)!;
          expect(globalNorm([gradient.map((slope) => slope * factor)])).toBeLessThanOrEqual(
            limit * (1 + 1e-12),
          );
        },
      ),
      { seed: 42 },
    );
  });
});
