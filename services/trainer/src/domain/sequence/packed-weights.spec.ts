import { SeededRandom } from '@headrace/kernel';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { initialWeights } from './initial-weights.js';
import { multiplying, packWeights, unpackWeights } from './packed-weights.js';

describe('packed weights', () => {
  it('are one row a gate and unit: state, input, bias; gates i, f, o, c', () => {
    // Keras: columns i f c o. One unit, two inputs: kernel [2, 4], recurrent kernel [1, 4], bias [4].
    const weights = {
      steps: 1,
      channels: 2,
      layers: [
        {
          units: 1,
          kernel: Float32Array.of(11, 12, 13, 14, 21, 22, 23, 24),
          recurrentKernel: Float32Array.of(1, 2, 3, 4),
          bias: Float32Array.of(91, 92, 93, 94),
        },
      ],
      dense: { kernel: Float32Array.of(7), bias: Float32Array.of(8) },
      scaler: { mean: new Float32Array(2), scale: new Float32Array(2).fill(1) },
    };
    const [layer, dense] = packWeights(weights);
    expect([...layer!]).toEqual([1, 11, 21, 91, 2, 12, 22, 92, 4, 14, 24, 94, 3, 13, 23, 93]);
    expect([...dense!]).toEqual([7, 8]);
    expect(multiplying(weights).map((flags) => [...flags])).toEqual([
      [1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 0],
      [1, 0],
    ]);
  });

  it('come back as they were', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 5 }),
        fc.nat(),
        (units, channels, seed) => {
          const scaler = { mean: new Float32Array(channels), scale: new Float32Array(channels).fill(1) };
          const weights = initialWeights({ steps: 2, channels, units }, scaler, new SeededRandom(seed));
          expect(unpackWeights(packWeights(weights), weights)).toEqual(weights);
        },
      ),
      { seed: 42 },
    );
  });
});
