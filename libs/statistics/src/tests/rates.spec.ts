import { SeededRandom } from '@headrace/kernel';
import { describe, expect, it } from 'vitest';
import { readGolden } from '../golden/read-golden.js';
import { InvalidSampleError } from '../samples/invalid-sample-error.js';
import { powerForEffect, sampleSizeForEffect } from './proportions.js';
import { exposurePerSide, rateInterval, rateTest } from './rates.js';

const { ratePower } = readGolden('sequential') as {
  ratePower: { from: number; to: number; exposure: number; power: number }[];
};

const golden = readGolden('tests') as {
  rates: { first: [number, number]; second: [number, number]; pValue: number; interval: [number, number] }[];
  effects: { effect: number; n: number; power50: number }[];
};
const of = ([events, exposure]: readonly [number, number]) => ({ events, exposure });

describe('rates', () => {
  it.each(golden.rates)(
    '$first against $second is judged as by statsmodels',
    ({ first, second, ...expected }) => {
      expect(rateTest(of(first), of(second))!.pValue).toBeCloseTo(expected.pValue, 9);
      expect(rateTest(of(second), of(first))!.pValue).toBeCloseTo(expected.pValue, 9);
      const { low, high } = rateInterval(of(first))!;
      expect(low).toBeCloseTo(expected.interval[0], 9);
      expect(high).toBeCloseTo(expected.interval[1], 9);
    },
  );

  it('by hand: three events, all on one of two equal sides, are as likely as not one time in four', () => {
    const all = rateTest(of([3, 1]), of([0, 1]))!;
    expect(all.ratio).toBe(Infinity);
    expect(all.pValue).toBeCloseTo(0.25, 12);
    const even = rateTest(of([1, 10]), of([2, 10]))!;
    expect(even.ratio).toBe(0.5);
    expect(even.pValue).toBeCloseTo(1, 12);
  });

  it('judges many events by the score, close to the exact value', () => {
    const many = rateTest(of([10_100, 1]), of([9_901, 1]))!;
    const exact = rateTest(of([10_000, 1]), of([9_802, 1]))!;
    expect([many.method, exact.method]).toEqual(['score', 'exact']);
    expect(Math.abs(many.pValue - exact.pValue)).toBeLessThan(0.01);
  });

  it('is undefined without exposure or events, and refuses invalid rates', () => {
    expect(rateTest(of([0, 5]), of([0, 5]))).toBeUndefined();
    expect(rateTest(of([0, 0]), of([3, 5]))).toBeUndefined();
    expect(rateInterval(of([0, 0]))).toBeUndefined();
    expect(rateInterval(of([0, 600]))!.low).toBe(0);
    for (const wrong of [of([-1, 1]), of([0.5, 1]), of([1, NaN]), of([1, 0]), of([1, Infinity])]) {
      expect(() => rateTest(wrong, of([1, 1]))).toThrow(InvalidSampleError);
    }
    expect(() => rateInterval(of([1, 1]), 1)).toThrow(InvalidSampleError);
  });

  it('finds a doubled rate in about 80 % of 2,000 runs with the exposure that it asks for', () => {
    const random = new SeededRandom(71);
    const poisson = (mean: number): number => {
      let [count, product] = [0, random.next()];
      for (const limit = Math.exp(-mean); product > limit; count += 1) product *= random.next();
      return count;
    };
    const exposure = exposurePerSide(0.5, 1);
    let found = 0;
    for (let run = 0; run < 2000; run += 1) {
      const result = rateTest(of([poisson(0.5 * exposure), exposure]), of([poisson(exposure), exposure]));
      if (result !== undefined && result.pValue <= 0.05) found += 1;
    }
    expect(found / 2000).toBeGreaterThan(0.74);
    expect(found / 2000).toBeLessThan(0.84);
    expect(exposurePerSide(1, 1)).toBe(Infinity);
    expect(() => exposurePerSide(-1, 1)).toThrow(InvalidSampleError);
  });
});

describe('sample size and power for means', () => {
  it.each(golden.effects)('of an effect of $effect are those of statsmodels', ({ effect, n, power50 }) => {
    expect(sampleSizeForEffect(effect, 0.01, 0.9)).toBe(Math.ceil(n));
    expect(powerForEffect(effect, 50)).toBeCloseTo(power50, 10);
  });

  it('has a power of alpha for no effect and needs an infinite sample to find none', () => {
    expect(powerForEffect(0, 100, 0.05)).toBeCloseTo(0.05, 12);
    expect(sampleSizeForEffect(0)).toBe(Infinity);
    expect(() => sampleSizeForEffect(NaN)).toThrow(InvalidSampleError);
    expect(() => powerForEffect(0.5, -1)).toThrow(InvalidSampleError);
    expect(() => sampleSizeForEffect(0.5, 0)).toThrow(InvalidSampleError);
  });
});

it.each(ratePower)(
  'the exposure to tell $from from $to with the power that statsmodels gives to $exposure is about $exposure',
  ({ from, to, exposure, power }) => {
    // The square root makes the variance constant only nearly; statsmodels takes the one of each rate.
    expect(Math.abs(exposurePerSide(from, to, 0.05, power) / exposure - 1)).toBeLessThan(0.05);
  },
);
