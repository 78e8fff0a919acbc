import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyCounts, quantileOfBoth } from './key-counts.js';
import { keyOffset, quantileKey, quantileValue } from './quantile-keys.js';

fc.configureGlobal({ seed: 20261124 });

const sample = fc.oneof(
  { weight: 8, arbitrary: fc.double({ min: -1e12, max: 1e12, noNaN: true }) },
  { weight: 1, arbitrary: fc.constantFrom(0, -0, 1e-12, -1e-12, 1e-9, 1e308, -1e308) },
);

const none = new KeyCounts();

function quantile(counts: KeyCounts, share: number): number {
  return quantileOfBoth(counts, none, share);
}

function countsOf(values: readonly number[]): KeyCounts {
  const counts = new KeyCounts();
  for (const value of values) counts.add(value);
  return counts;
}

describe('the sketch of a tile', () => {
  it('has the borders of a DDSketch of 1 %: gamma = 1.01 / 0.99', () => {
    // log(100) / log(1.01 / 0.99) = 230.26: bucket 231
    expect(quantileKey(100) - keyOffset).toBe(231);
    expect(quantileKey(1) - keyOffset).toBe(0);
    expect(quantileKey(-100)).toBe(-quantileKey(100));
    expect(quantileKey(1e-9)).toBe(1);
  });

  it('is NaN without samples, and skips missing values', () => {
    expect(quantile(countsOf([]), 0.5)).toBeNaN();
    expect(countsOf([Number.NaN]).samples).toBe(0);
  });

  it('is within 1 % of the sample of that rank', () => {
    fc.assert(
      fc.property(
        fc.array(sample, { minLength: 1, maxLength: 200 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, share) => {
          const exact = [...values].sort((a, b) => a - b)[Math.floor(share * (values.length - 1))]!;
          const estimate = quantile(countsOf(values), share);
          expect(Math.abs(estimate - exact)).toBeLessThanOrEqual(0.01 * Math.abs(exact) * (1 + 1e-9) + 1e-9);
        },
      ),
    );
  });

  it('does not depend on the order of merging', () => {
    fc.assert(
      fc.property(fc.array(fc.array(sample, { maxLength: 30 }), { minLength: 1, maxLength: 6 }), (parts) => {
        const forward = new KeyCounts();
        for (const part of parts) forward.addAll(countsOf(part));
        const backward = new KeyCounts();
        for (const part of [...parts].reverse()) backward.addAll(countsOf(part));
        const whole = countsOf(parts.flat());
        for (const share of [0, 0.1, 0.5, 0.95, 1]) {
          expect(quantile(forward, share)).toBe(quantile(whole, share));
          expect(quantile(backward, share)).toBe(quantile(whole, share));
        }
        expect(forward.samples).toBe(whole.samples);
      }),
    );
  });

  it('gives the same quantile for two sketches as for both merged, and reverses a merge', () => {
    const values = fc.array(sample, { maxLength: 60 });
    fc.assert(
      fc.property(values, values, values, (a, b, gone) => {
        const whole = countsOf([...a, ...b]);
        const changed = countsOf([...gone, ...a]);
        changed.addAll(countsOf(b));
        changed.removeAll(countsOf(gone));
        for (const share of [0, 0.1, 0.5, 0.95, 1]) {
          expect(quantileOfBoth(countsOf(a), countsOf(b), share)).toEqual(quantile(whole, share));
          expect(quantile(changed, share)).toEqual(quantile(whole, share));
        }
        expect(changed.samples).toBe(whole.samples);
      }),
    );
  });

  it('keeps keys in the order of values', () => {
    fc.assert(
      fc.property(sample, sample, (a, b) => {
        if (a < b) expect(quantileKey(a)).toBeLessThanOrEqual(quantileKey(b));
        expect(Number.isFinite(quantileValue(quantileKey(a)))).toBe(true);
      }),
    );
  });
});
