import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitScaler, scaleSequences } from './channel-scaler.js';

describe('the scaler of channels', () => {
  it('takes mean and population deviation of what is known', () => {
    // Channel 0: 1, 3, 5 -> mean 3, variance 8/3. Channel 1: 10, 20 -> mean 15, deviation 5.
    const { mean, scale } = fitScaler(Float32Array.of(1, 10, 3, Number.NaN, 5, 20), 2);
    expect([...mean]).toEqual([3, 15]);
    expect([...scale]).toEqual([Math.fround(Math.sqrt(8 / 3)), 5]);
  });

  it('gives a constant channel, and one without any value, the scale 1', () => {
    const nothing = Number.NaN;
    const scaler = fitScaler(Float32Array.of(7, nothing, 0.1, 7, nothing, 0.1), 3);
    expect([...scaler.mean]).toEqual([7, 0, Math.fround(0.1)]);
    expect([...scaler.scale]).toEqual([1, 1, 1]);
    expect([...scaleSequences(Float32Array.of(7, 2, nothing), scaler)]).toEqual([0, 2, 0]);
  });

  it('takes the rounding of a large constant for what it is', () => {
    const large = Float32Array.from({ length: 100 }, (_, at) => 1e9 + (at % 2) * 64);
    expect([...fitScaler(large, 1).scale]).toEqual([1]);
  });

  it('refuses an infinite value', () => {
    expect(() => fitScaler(Float32Array.of(1, Infinity), 2)).toThrow(/Channel 1 holds Infinity/);
  });

  it('makes every channel of the set it was fitted on mean 0 and deviation 1, however far from 0 it lies', () => {
    fc.assert(
      fc.property(
        fc.float({ min: -1e6, max: 1e6, noNaN: true }),
        fc.float({ min: 1, max: 1000, noNaN: true }),
        fc.array(fc.float({ min: -1, max: 1, noNaN: true }), { minLength: 2, maxLength: 50 }),
        (centre, width, noise) => {
          const values = Float32Array.from([-1, 1, ...noise], (value) => centre + width * value);
          const scaled = scaleSequences(values, fitScaler(values, 1));
          const mean = scaled.reduce((sum, value) => sum + value, 0) / scaled.length;
          const variance = scaled.reduce((sum, value) => sum + (value - mean) ** 2, 0) / scaled.length;
          // What float32 leaves of the differences, relative to the spread.
          const rounding = 1e-5 + (Math.abs(centre) / width) * 1e-6;
          expect(Math.abs(mean)).toBeLessThan(rounding);
          expect(Math.abs(variance - 1)).toBeLessThan(4 * rounding);
        },
      ),
      { seed: 42 },
    );
  });
});
