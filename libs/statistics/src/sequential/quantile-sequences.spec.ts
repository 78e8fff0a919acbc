import { SeededRandom } from '@headrace/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { betaMixtureEvidence } from './beta-mixture.js';
import { InvalidSampleError } from '../samples/invalid-sample-error.js';
import { quantileConfidenceSequence, quantileRankBounds, quantileSprt } from './quantile-sequences.js';
import { readGolden } from '../golden/read-golden.js';

const golden = readGolden('sequential') as {
  quantileBounds: { rows: number; share: number; confidence: number; low: number; high: number }[];
  quantileSprt: { baseline: number[]; canary: number[]; share: number; pValue: number }[];
};

fc.configureGlobal({ seed: 20261124 });

describe('quantileRankBounds', () => {
  it('by hand: one row says nothing, and of 20 rows no believable median has none below', () => {
    expect(quantileRankBounds(0, 0.5)).toEqual({ low: 0, high: 0 });
    expect(quantileRankBounds(1, 0.5)).toEqual({ low: 0, high: 1 });
    // B(20.5, 0.5) / B(0.5, 0.5) * 2^20 is the evidence of 20 heads: far above 20.
    expect(quantileRankBounds(20, 0.5).low).toBeGreaterThan(0);
  });

  it('holds exactly the counts whose evidence is too small', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 300 }),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        fc.constantFrom(0.9, 0.95, 0.999),
        (rows, share, confidence) => {
          const { low, high } = quantileRankBounds(rows, share, confidence);
          for (let count = 0; count <= rows; count += 1) {
            const believable = betaMixtureEvidence(count, rows - count, share) < -Math.log(1 - confidence);
            expect(count >= low && count <= high).toBe(believable);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('needs some hundred rows before the 99th percentile has an upper end', () => {
    const rowsNeeded = (): number => {
      let rows = 1;
      while (quantileRankBounds(rows, 0.99).high === rows) rows += 1;
      return rows;
    };
    expect(rowsNeeded()).toBeGreaterThan(300);
    expect(rowsNeeded()).toBeLessThan(1500);
  });
});

describe('quantileConfidenceSequence', () => {
  it('knows nothing without values, takes infinities for values and narrows with rows', () => {
    expect(quantileConfidenceSequence([], 0.5)).toEqual({ low: -Infinity, high: Infinity });
    expect(quantileConfidenceSequence([NaN], 0.5)).toEqual({ low: -Infinity, high: Infinity });
    expect(quantileConfidenceSequence(new Array(100).fill(7), 0.5)).toEqual({ low: 7, high: 7 });
    expect(quantileConfidenceSequence(new Array(100).fill(Infinity), 0.5).low).toBe(Infinity);
    const random = new SeededRandom(72);
    const rows = Float64Array.from({ length: 4000 }, () => random.next());
    const [few, many] = [
      quantileConfidenceSequence(rows.subarray(0, 400), 0.9),
      quantileConfidenceSequence(rows, 0.9),
    ];
    expect(many.high - many.low).toBeLessThan(few.high - few.low);
    expect(many.low < 0.9 && 0.9 < many.high).toBe(true);
    expect(() => quantileConfidenceSequence([1], 0)).toThrow(InvalidSampleError);
  });

  it('covers the quantile of a column of few distinct values too, at every look of 2,000 runs', () => {
    const random = new SeededRandom(73);
    let missed = 0;
    for (let run = 0; run < 2000; run += 1) {
      // 0, 1, 2 with the shares 0.3, 0.4, 0.3: the 60th percentile is 1.
      const rows = Array.from({ length: 160 }, () => Math.floor(random.next() * 10)).map((draw) =>
        draw < 3 ? 0 : draw < 7 ? 1 : 2,
      );
      const looks = [10, 20, 40, 80, 160].map((length) =>
        quantileConfidenceSequence(rows.slice(0, length), 0.6),
      );
      if (looks.some(({ low, high }) => low > 1 || high < 1)) missed += 1;
    }
    expect(missed / 2000).toBeLessThanOrEqual(0.05);
  });
});

describe('quantileSprt', () => {
  it('finds a shifted 90th percentile and knows nothing without values', () => {
    const random = new SeededRandom(74);
    const column = (scale: number) =>
      Float64Array.from({ length: 500 }, () => -Math.log(1 - random.next()) * scale);
    expect(quantileSprt(column(1), column(2), 0.9)!).toBeLessThan(0.001);
    expect(quantileSprt(column(1), column(1), 0.9)!).toBeGreaterThan(0.05);
    expect(quantileSprt([], [1], 0.5)).toBeUndefined();
    expect(quantileSprt([NaN], [1], 0.5)).toBeUndefined();
    expect(quantileSprt([1], [2], 0.5)).toBe(1);
  });

  it('finds nothing between equal constants and everything between others', () => {
    const constant = (value: number) => new Array<number>(40).fill(value);
    expect(quantileSprt(constant(3), constant(3), 0.5)).toBe(1);
    expect(quantileSprt(constant(3), constant(4), 0.5)!).toBeLessThan(1e-6);
  });

  it('does not care which arm is which nor for a change of scale', () => {
    const column = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(column, column, fc.constantFrom(0.1, 0.5, 0.95), (a, b, share) => {
        const p = quantileSprt(a, b, share)!;
        expect(quantileSprt(b, a, share)).toBeCloseTo(p, 10);
        const stretched = (list: number[]) => list.map((value) => Math.exp(value / 3));
        expect(quantileSprt(stretched(a), stretched(b), share)).toBeCloseTo(p, 10);
        expect(p > 0 && p <= 1).toBe(true);
      }),
    );
  });
});

describe('quantile sequences against all possibilities, tried in SciPy', () => {
  it.each(golden.quantileBounds)(
    'ranks of the quantile at $share of $rows rows',
    ({ rows, share, confidence, low, high }) => {
      expect(quantileRankBounds(rows, share, confidence)).toEqual({ low, high });
    },
  );

  it.each(golden.quantileSprt)(
    'p-value of two quantiles at $share',
    ({ baseline, canary, share, pValue }) => {
      expect(quantileSprt(baseline, canary, share)).toBeCloseTo(pValue, 10);
    },
  );
});
