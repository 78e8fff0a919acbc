import { describe, expect, it } from 'vitest';
import { readGolden } from '../golden/read-golden.js';
import { InvalidSampleError } from '../samples/invalid-sample-error.js';
import { meanConfidenceSequence } from './mean-confidence-sequence.js';
import { computeMoments, emptyMoments } from '../samples/moments.js';

const golden = readGolden('sequential') as {
  meanConfidenceSequences: {
    values: number[];
    confidence: number;
    tightestAt: number;
    low: number;
    high: number;
  }[];
};

describe('meanConfidenceSequence', () => {
  it.each(golden.meanConfidenceSequences)(
    'is the formula of the paper at $confidence, tightest at $tightestAt',
    ({ values, confidence, tightestAt, ...expected }) => {
      const { low, high } = meanConfidenceSequence(computeMoments(values), confidence, { tightestAt })!;
      expect(low).toBeCloseTo(expected.low, 11);
      expect(high).toBeCloseTo(expected.high, 11);
    },
  );

  it('by hand: where n r^2 is 1 the width is s sqrt(2 ln 2 + 4 ln(1 / alpha)) / sqrt(n)', () => {
    // alpha = exp(-0.5): -2 ln alpha = 1, r^2 = (1 + ln 2) / tightestAt.
    const moments = { count: 4, mean: 10, squares: 3 };
    const { high } = meanConfidenceSequence(moments, -Math.expm1(-0.5), { tightestAt: 4 * (1 + Math.LN2) })!;
    expect(high - 10).toBeCloseTo(Math.sqrt((2 * Math.LN2 + 2) / 4), 12);
  });

  it('is tightest against sqrt(n) at the rows it was asked to be', () => {
    const relative = (tightestAt: number, count: number): number => {
      const { low, high } = meanConfidenceSequence({ count, mean: 0, squares: count - 1 }, 0.95, {
        tightestAt,
      })!;
      return (high - low) * Math.sqrt(count);
    };
    expect(relative(500, 500)).toBeLessThan(relative(50, 500));
    expect(relative(500, 500)).toBeLessThan(relative(5000, 500));
    expect(relative(500, 500)).toBeLessThan(relative(500, 50));
    expect(relative(500, 500)).toBeLessThan(relative(500, 5000));
  });

  it('is undefined below two rows, and for rows that do not vary unless a span is given', () => {
    expect(meanConfidenceSequence(emptyMoments)).toBeUndefined();
    expect(meanConfidenceSequence(computeMoments([3]))).toBeUndefined();
    expect(meanConfidenceSequence(computeMoments([3, 3, 3]))).toBeUndefined();
    const few = meanConfidenceSequence(computeMoments([3, 3, 3]), 0.95, { span: 1 })!;
    const many = meanConfidenceSequence(computeMoments(Array.from({ length: 300 }, () => 3)), 0.95, {
      span: 1,
    })!;
    expect(few.high).toBeGreaterThan(many.high);
    expect(many.high).toBeGreaterThan(3);
  });

  it('is not narrower than the minimum variance allows', () => {
    const quiet = computeMoments(Array.from({ length: 50 }, () => 0));
    const lively = computeMoments(Array.from({ length: 50 }, (_, row) => (row % 2 === 0 ? 1 : -1)));
    const { high } = meanConfidenceSequence(quiet, 0.95, { minVariance: 50 / 49 })!;
    expect(high).toBeCloseTo(meanConfidenceSequence(lively)!.high, 12);
    const floor = { minVariance: 0.09 };
    expect(meanConfidenceSequence(lively, 0.95, floor)).toEqual(meanConfidenceSequence(lively));
    expect(() => meanConfidenceSequence(lively, 0.95, { minVariance: NaN })).toThrow(InvalidSampleError);
  });

  it('refuses an invalid confidence, span or number of rows', () => {
    const moments = computeMoments([1, 2]);
    expect(() => meanConfidenceSequence(moments, 1)).toThrow(InvalidSampleError);
    expect(() => meanConfidenceSequence(moments, 0.95, { span: -1 })).toThrow(InvalidSampleError);
    expect(() => meanConfidenceSequence(moments, 0.95, { tightestAt: 0 })).toThrow(InvalidSampleError);
  });
});
