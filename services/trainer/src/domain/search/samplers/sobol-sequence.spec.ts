import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseGolden } from '../golden/parse-golden.js';
import { sobolCoordinate, sobolDimensions } from './sobol-sequence.js';

fc.configureGlobal({ seed: 20261124 });

const golden = parseGolden(readFileSync(new URL('../golden/optuna-5.0.0.json', import.meta.url), 'utf8'));

describe('sobolCoordinate', () => {
  it('is by hand in two dimensions', () => {
    const points = [0, 1, 2, 3].map((index) => [sobolCoordinate(index, 0), sobolCoordinate(index, 1)]);
    expect(points).toEqual([
      [0, 0],
      [0.5, 0.5],
      [0.75, 0.25],
      [0.25, 0.75],
    ]);
  });

  it('is the sequence of SciPy in all 40 dimensions', () => {
    const { sobol } = golden;
    expect(sobol[0]).toHaveLength(sobolDimensions);
    sobol.forEach((point, index) => {
      point.forEach((expected, dimension) =>
        expect(sobolCoordinate(index, dimension)).toBeCloseTo(expected, 9),
      );
    });
  });

  it('keeps one point in each of 2^k equal parts when it is scrambled', () => {
    fc.assert(
      fc.property(
        fc.nat(0xffffffff),
        fc.nat(sobolDimensions - 1),
        fc.integer({ min: 1, max: 7 }),
        fc.nat(3),
        (scrambling, dimension, power, block) => {
          const count = 2 ** power;
          const parts = Array.from({ length: count }, (_, index) =>
            Math.floor(sobolCoordinate(block * count + index, dimension, scrambling) * count),
          );
          expect(new Set(parts).size).toBe(count);
        },
      ),
    );
  });

  it('is uniform over scramblings: the mean of the first point is 1/2', () => {
    const first = Array.from({ length: 4000 }, (_, seed) => sobolCoordinate(0, 3, (seed * 2654435761) >>> 0));
    expect(first.reduce((sum, value) => sum + value, 0) / first.length).toBeCloseTo(0.5, 1);
  });
});
