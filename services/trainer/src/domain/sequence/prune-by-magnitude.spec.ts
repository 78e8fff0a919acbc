import { SeededRandom } from '@headrace/kernel';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { initialWeights } from './initial-weights.js';
import { pruneByMagnitude, sparsityOf } from './prune-by-magnitude.js';

const scaler = { mean: new Float32Array(2), scale: new Float32Array(2).fill(1) };
const weights = initialWeights({ steps: 2, channels: 2, units: [5] }, scaler, new SeededRandom(1));

describe('pruning by magnitude', () => {
  it('sets the smallest of each matrix to 0, the earlier of equals first, and no bias', () => {
    const kernel = Float32Array.of(0.1, -5, 0.2, -0.1, 3, 0.1, 0.3, -0.3, 4, 6);
    const [layer] = weights.layers;
    const pruned = pruneByMagnitude({ ...weights, layers: [{ ...layer!, kernel }] }, 0.25);
    const expected = Float32Array.of(0, -5, 0.2, 0, 3, 0.1, 0.3, -0.3, 4, 6);
    expect(pruned.layers[0]!.kernel).toEqual(expected);
    expect(pruned.layers[0]!.bias).toEqual(layer!.bias);
    expect(pruned.dense.bias).toEqual(weights.dense.bias);
    expect(kernel[0]).not.toBe(0);
  });

  it('leaves everything at share 0 and refuses shares that leave nothing', () => {
    expect(pruneByMagnitude(weights, 0)).toEqual(weights);
    for (const share of [1, -0.1, Number.NaN]) {
      expect(() => pruneByMagnitude(weights, share)).toThrow(/share/);
    }
  });

  it('cuts exactly its share, none larger than what it keeps', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 0.99, noNaN: true }), (share) => {
        const before = weights.layers[0]!.recurrentKernel;
        const after = pruneByMagnitude(weights, share).layers[0]!.recurrentKernel;
        const cut = [...before].filter((_, at) => after[at] === 0).map(Math.abs);
        const kept = [...after].filter((value) => value !== 0).map(Math.abs);
        expect(cut).toHaveLength(Math.floor(share * before.length));
        expect(Math.max(0, ...cut)).toBeLessThanOrEqual(Math.min(Infinity, ...kept));
      }),
      { seed: 42 },
    );
  });

  it('is what the sparsity counts', () => {
    // 40 + 100 + 5 weights; half of each: 20 + 50 + 2.
    expect(sparsityOf(pruneByMagnitude(weights, 0.5))).toBeCloseTo(72 / 145, 12);
  });
});
