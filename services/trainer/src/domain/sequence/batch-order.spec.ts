import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchesPerEpoch, epochOrder } from './batch-order.js';

describe('the order of an epoch', () => {
  it('visits every row once, the same way for the same seed and epoch', () => {
    fc.assert(
      fc.property(fc.nat(200), fc.nat(), fc.nat(1000), (rows, seed, epoch) => {
        const order = epochOrder(rows, seed, epoch);
        expect(order).toEqual(epochOrder(rows, seed, epoch));
        expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: rows }, (_, row) => row));
      }),
      { seed: 42 },
    );
  });

  it('differs between epochs, and between seeds that are neighbours', () => {
    const orders = [0, 1, 2, 3].flatMap((seed) =>
      [0, 1, 2, 3].map((epoch) => epochOrder(20, seed, epoch).join()),
    );
    expect(new Set(orders).size).toBe(16);
  });

  it('puts every row in every place equally often', () => {
    // 6000 epochs of 6 rows: 1000 expected in each cell, standard deviation 29; chi-square with 25 degrees of freedom.
    const seen = new Float64Array(36);
    for (let epoch = 0; epoch < 6000; epoch += 1) {
      epochOrder(6, 1, epoch).forEach((row, place) => (seen[row * 6 + place]! += 1));
    }
    const chiSquare = seen.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(chiSquare).toBeLessThan(44.3);
  });

  it('counts a smaller last batch', () => {
    expect([batchesPerEpoch(64, 32), batchesPerEpoch(65, 32), batchesPerEpoch(1, 32)]).toEqual([2, 3, 1]);
  });
});
