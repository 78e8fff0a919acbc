import { SeededRandom } from '@headrace/kernel';
import { describe, expect, it } from 'vitest';
import { initialWeights, orthogonalRows } from './initial-weights.js';

const scaler = { mean: new Float32Array(3), scale: new Float32Array(3).fill(1) };
const shape = { steps: 4, channels: 3, units: [5, 2] };

describe('initial weights', () => {
  it('fit the shape, layer on layer', () => {
    const { layers, dense } = initialWeights(shape, scaler, new SeededRandom(1));
    expect(
      layers.map(({ kernel, recurrentKernel, bias }) => [kernel.length, recurrentKernel.length, bias.length]),
    ).toEqual([
      [3 * 20, 5 * 20, 20],
      [5 * 8, 2 * 8, 8],
    ]);
    expect([dense.kernel.length, dense.bias.length]).toEqual([2, 1]);
  });

  it('remember until told otherwise: the bias is 1 for the forget gate and 0 elsewhere', () => {
    const [, second] = initialWeights(shape, scaler, new SeededRandom(1)).layers;
    expect([...second!.bias]).toEqual([0, 0, 1, 1, 0, 0, 0, 0]);
  });

  it('stay within the limits of Glorot and fill them', () => {
    const { layers } = initialWeights({ ...shape, units: [40] }, scaler, new SeededRandom(2));
    const limit = Math.sqrt(6 / (3 + 160));
    const sizes = [...layers[0]!.kernel].map(Math.abs);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(limit);
    expect(Math.max(...sizes)).toBeGreaterThan(0.97 * limit);
  });

  it.each([1, 2, 16, 32])('start with %i recurrent rows that are orthonormal', (units) => {
    const rows = orthogonalRows(units, 4 * units, new SeededRandom(units));
    for (let one = 0; one < units; one += 1) {
      for (let other = 0; other <= one; other += 1) {
        let product = 0;
        for (let at = 0; at < 4 * units; at += 1) {
          product += rows[one * 4 * units + at]! * rows[other * 4 * units + at]!;
        }
        expect(product).toBeCloseTo(one === other ? 1 : 0, 5);
      }
    }
  });

  it('are the same for the same seed only', () => {
    const made = (seed: number): unknown => initialWeights(shape, scaler, new SeededRandom(seed));
    expect(made(3)).toEqual(made(3));
    expect(made(3)).not.toEqual(made(4));
  });
});
