import { describe, expect, it } from 'vitest';
import { adamDefaults, startAdam, stepAdam } from './adam.js';

describe('Adam', () => {
  it('takes a first step as long as the rate, whatever the gradient', () => {
    // After one step both corrections undo the averaging: m / sqrt(v) is the sign of the gradient.
    const parameters = [Float32Array.of(1, 1, 1)];
    stepAdam(parameters, [Float64Array.of(1000, -0.001, 0)], startAdam(parameters), 0.25, adamDefaults);
    [0.75, 1.25, 1].forEach((value, at) => expect(parameters[0]![at]).toBeCloseTo(value, 4));
  });

  it('follows its two averages', () => {
    // Gradients 1, then 3: m = 0.39, v = 0.009999; m / 0.19 = 2.0526, v / 0.001999 = 5.002; ratio 0.9178.
    const parameters = [Float32Array.of(0)];
    let slots = startAdam(parameters);
    for (const slope of [1, 3]) {
      slots = stepAdam(parameters, [Float64Array.of(slope)], slots, 0.1, adamDefaults);
    }
    expect(slots.steps).toBe(2);
    expect(slots.first[0]![0]).toBeCloseTo(0.39, 6);
    expect(slots.second[0]![0]).toBeCloseTo(0.009999, 8);
    expect(parameters[0]![0]).toBeCloseTo(-0.1 - 0.1 * 0.9178, 5);
  });

  it('holds what is masked at 0, and decays only what is listed', () => {
    const parameters = [Float32Array.of(2, 2, 2)];
    stepAdam(
      parameters,
      [Float64Array.of(0, 0, 5)],
      startAdam(parameters),
      0.1,
      { ...adamDefaults, weightDecay: 0.5 },
      [Uint8Array.of(1, 1, 0)],
      [Uint8Array.of(1, 0, 1)],
    );
    expect(parameters[0]![0]).toBeCloseTo(2 - 0.1 * 0.5 * 2, 6);
    expect([...parameters[0]!.subarray(1)]).toEqual([2, 0]);
  });
});
