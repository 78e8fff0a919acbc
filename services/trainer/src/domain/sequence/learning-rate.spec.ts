import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { learningRateAt } from './learning-rate.js';

describe('the learning rate', () => {
  it('rises to its peak and falls by half a cosine to its last step', () => {
    const policy = { peak: 1, warmUpSteps: 2, finalShare: 0.2 };
    const rates = [0, 1, 2, 3, 4, 5, 6].map((step) => learningRateAt(step, 7, policy));
    // After the warm-up p = 0, 1/4, 1/2, 3/4, 1 of the cosine: 0.2 + 0.8 (1 + cos(pi p)) / 2.
    const expected = [0.5, 1, 1, 0.88284, 0.6, 0.31716, 0.2];
    rates.forEach((rate, step) => expect(rate).toBeCloseTo(expected[step]!, 5));
  });

  it('stays at its peak where the final share is 1, and keeps the last rate beyond the end', () => {
    expect(learningRateAt(50, 100, { peak: 0.3, warmUpSteps: 0, finalShare: 1 })).toBe(0.3);
    expect(learningRateAt(900, 100, { peak: 1, warmUpSteps: 0, finalShare: 0.1 })).toBeCloseTo(0.1, 12);
  });

  it('is defined when the warm-up is as long as the training, or longer', () => {
    expect(learningRateAt(0, 1, { peak: 1, warmUpSteps: 0, finalShare: 0.1 })).toBeCloseTo(0.1, 12);
    expect(learningRateAt(4, 5, { peak: 1, warmUpSteps: 10, finalShare: 0.1 })).toBe(0.5);
  });

  it('never leaves the interval from 0 to its peak', () => {
    fc.assert(
      fc.property(
        fc.nat(500),
        fc.integer({ min: 1, max: 300 }),
        fc.nat(50),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (step, total, warmUpSteps, finalShare) => {
          const rate = learningRateAt(step, total, { peak: 2, warmUpSteps, finalShare });
          expect(rate).toBeGreaterThanOrEqual(0);
          expect(rate).toBeLessThanOrEqual(2 + 1e-12);
        },
      ),
      { seed: 42 },
    );
  });
});
