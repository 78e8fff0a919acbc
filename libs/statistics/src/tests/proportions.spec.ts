import { SeededRandom } from '@headrace/kernel';
import { describe, expect, it } from 'vitest';
import { betaMixtureEvidence } from '../sequential/beta-mixture.js';
import { proportionConfidenceSequence } from '../sequential/confidence-sequence.js';
import { readGolden } from '../golden/read-golden.js';
import { InvalidSampleError } from '../samples/invalid-sample-error.js';
import { computeMoments } from '../samples/moments.js';
import {
  powerForProportions,
  zeroEventUpperBound,
  sampleSizePerSide,
  zeroEventSampleSize,
  twoProportionTest,
  wilsonInterval,
} from './proportions.js';
import { meanSprt, mixtureSprt } from '../sequential/mixture-sprt.js';
import {
  alwaysValidPValue,
  safeProportionTest,
  initialSafeTestState,
} from '../sequential/sequential-proportions.js';
import { type Alternative } from '../sequential/sequential-proportions.js';

const sequential = readGolden('sequential') as {
  betaEvidence: {
    p: number;
    prior: { a: number; b: number };
    successes: number;
    failures: number;
    pValue: number;
  }[];
  confidenceSequences: { successes: number; trials: number; confidence: number; low: number; high: number }[];
  mixtureSprt: { baseline: [number, number]; canary: [number, number]; tau: number; pValue: number }[];
  meanSprt: { baseline: number[]; canary: number[]; tau: number; pValue: number }[];
  safeTest: {
    alternative: Alternative;
    blocks: [[number, number], [number, number], number][];
  }[];
};

const golden = readGolden('tests') as {
  proportions: {
    first: [number, number];
    second: [number, number];
    z: number;
    pValue: number;
    wilson: [number, number];
  }[];
  sampleSize: { from: number; to: number; n: number }[];
};
const of = ([successes, trials]: readonly [number, number]) => ({ successes, trials });

describe.each(golden.proportions)(
  '$first against $second as statsmodels judges it',
  ({ first, second, ...expected }) => {
    it('z-test', () => {
      const result = twoProportionTest(of(first), of(second))!;
      expect(result.z).toBeCloseTo(expected.z, 10);
      expect(result.pValue).toBeCloseTo(expected.pValue, 10);
    });

    it('Wilson interval', () => {
      const { low, high } = wilsonInterval(of(first))!;
      expect(low).toBeCloseTo(expected.wilson[0], 10);
      expect(high).toBeCloseTo(expected.wilson[1], 10);
    });
  },
);

describe('proportions', () => {
  it.each(golden.sampleSize)(
    'needs as many trials for $from to $to as statsmodels says',
    ({ from, to, n }) => {
      expect(sampleSizePerSide(from, to)).toBe(Math.ceil(n));
      expect(powerForProportions(from, to, n)).toBeCloseTo(0.8, 3);
    },
  );

  it('believes an error rate below 0.5 % after 598 clean requests, not before', () => {
    expect(zeroEventSampleSize(0.005)).toBe(598);
    expect(zeroEventUpperBound(598)).toBeLessThan(0.005);
    expect(zeroEventUpperBound(597)).toBeGreaterThan(0.005);
    expect(zeroEventUpperBound(0)).toBeUndefined();
  });

  it('knows nothing without trials', () => {
    expect(wilsonInterval(of([0, 0]))).toBeUndefined();
    expect(twoProportionTest(of([0, 0]), of([1, 2]))).toBeUndefined();
    expect(mixtureSprt(of([0, 0]), of([1, 2]))).toBeUndefined();
    expect(proportionConfidenceSequence(of([0, 0]))).toEqual({ low: 0, high: 1 });
    expect(sampleSizePerSide(0.1, 0.1)).toBe(Infinity);
  });

  it('finds no difference where all or none succeeded on both sides', () => {
    expect(twoProportionTest(of([5, 5]), of([9, 9]))).toEqual({ z: 0, pValue: 1, difference: 0 });
    expect(mixtureSprt(of([5, 5]), of([9, 9]))).toBeUndefined();
  });

  it('refuses invalid proportions', () => {
    expect(() => wilsonInterval(of([3, 2]))).toThrow(InvalidSampleError);
    expect(() => wilsonInterval(of([0.5, 2]))).toThrow('0.5 of 2 is not a proportion');
    expect(() => zeroEventSampleSize(0)).toThrow(InvalidSampleError);
  });
});

/** The share of runs in which looking after every step ever finds something, truth being nothing. */
function falseAlarms(runs: number, everAlarms: (random: SeededRandom) => boolean, seed = 31): number {
  const random = new SeededRandom(seed);
  let alarms = 0;
  for (let run = 0; run < runs; run += 1) if (everAlarms(random)) alarms += 1;
  return alarms / runs;
}

const draw = (random: SeededRandom, trials: number, share: number): number => {
  let successes = 0;
  for (let trial = 0; trial < trials; trial += 1) if (random.next() < share) successes += 1;
  return successes;
};

describe('looking after every step', () => {
  it('contains the observed share and narrows with evidence', () => {
    const few = proportionConfidenceSequence({ successes: 3, trials: 10 });
    const many = proportionConfidenceSequence({ successes: 300, trials: 1000 });
    expect(few.low).toBeLessThan(many.low);
    expect(many.low).toBeLessThan(0.3);
    expect(many.high).toBeGreaterThan(0.3);
    expect(few.high).toBeGreaterThan(many.high);
    const fixed = wilsonInterval({ successes: 300, trials: 1000 })!;
    expect(many.low).toBeLessThan(fixed.low);
    expect(many.high).toBeGreaterThan(fixed.high);
    expect(proportionConfidenceSequence({ successes: 0, trials: 5 }).low).toBe(0);
    expect(proportionConfidenceSequence({ successes: 5, trials: 5 }).high).toBe(1);
  });

  it('a fixed-sample test looked at as often is wrong far more often, which is why it is not used', () => {
    const rate = falseAlarms(300, (random) => {
      const totals = { a: 0, b: 0 };
      for (let step = 1; step <= 50; step += 1) {
        totals.a += draw(random, 20, 0.3);
        totals.b += draw(random, 20, 0.3);
        const trials = 20 * step;
        if (twoProportionTest(of([totals.a, trials]), of([totals.b, trials]))!.pValue <= 0.05) return true;
      }
      return false;
    });
    expect(rate).toBeGreaterThan(0.2);
  });

  it('a doubled error rate is found by the safe test within 2,000 requests an arm in 9 of 10 runs', () => {
    const found = falseAlarms(200, (random) => {
      let state = initialSafeTestState;
      for (let step = 0; step < 200; step += 1) {
        state = safeProportionTest(
          state,
          {
            baseline: { successes: draw(random, 10, 0.05), trials: 10 },
            canary: { successes: draw(random, 10, 0.1), trials: 10 },
          },
          'greater',
        );
        if (alwaysValidPValue(state) <= 0.05) return true;
      }
      return false;
    });
    expect(found).toBeGreaterThan(0.9);
  });

  it('the mixture SPRT finds a real difference', () => {
    expect(mixtureSprt(of([1000, 10_000]), of([1200, 10_000]))!).toBeLessThan(0.01);
  });

  it('the mixture SPRT by hand: no difference is evidence for none, V = tau^2 halves twice', () => {
    // V = 0.25 / 50 + 0.25 / 50 = 0.01 = tau^2, d = 0: L = sqrt(1 / 2), p = min(1, sqrt(2)).
    expect(mixtureSprt(of([25, 50]), of([25, 50]), 0.1)).toBe(1);
    // d = 0.4, V = 0.01 * 0.42 / 0.5 = 0.0084 with p = 0.7 and 0.3.
    const [variance, tau] = [0.0084, 0.1];
    const likelihood =
      Math.sqrt(variance / (variance + tau ** 2)) *
      Math.exp((tau ** 2 * 0.16) / (2 * variance * (variance + tau ** 2)));
    expect(mixtureSprt(of([35, 50]), of([15, 50]), tau)).toBeCloseTo(1 / likelihood, 12);
  });

  it('the mixture SPRT of means is that of proportions for zeros and ones, but for n - 1', () => {
    const arm = (ones: number, rows: number) =>
      computeMoments(Array.from({ length: rows }, (_, row) => (row < ones ? 1 : 0)));
    const means = meanSprt(arm(1000, 10_000), arm(1100, 10_000), 0.01)!;
    expect(means / mixtureSprt(of([1000, 10_000]), of([1100, 10_000]), 0.01)!).toBeCloseTo(1, 2);
    expect(meanSprt(computeMoments([1]), arm(1, 3), 0.1)).toBeUndefined();
    expect(meanSprt(computeMoments([2, 2]), computeMoments([3, 3]), 0.1)).toBeUndefined();
  });

  it('the confidence sequence holds exactly the shares against which the evidence is too small', () => {
    for (const [successes, trials] of [
      [0, 7],
      [3, 40],
      [40, 41],
    ] as const) {
      const { low, high } = proportionConfidenceSequence({ successes, trials });
      for (let step = 1; step < 100; step += 1) {
        const believable = betaMixtureEvidence(successes, trials - successes, step / 100) <= Math.log(20);
        expect(step / 100 >= low && step / 100 <= high).toBe(believable);
      }
    }
    // One success of one trial: B(1.5, 0.5) / B(0.5, 0.5) = 1/2, so the share 1/2 has the evidence ln 1.
    expect(betaMixtureEvidence(1, 0, 0.5)).toBeCloseTo(0, 12);
  });

  it('a block of one arm alone adds counts but no evidence', () => {
    const state = safeProportionTest(initialSafeTestState, { baseline: of([3, 9]), canary: of([0, 0]) });
    expect(state).toMatchObject({ baseline: { successes: 3, trials: 9 }, logEvidence: 0 });
    expect(alwaysValidPValue(state)).toBe(1);
  });
});

describe('sequential tests against other implementations', () => {
  it.each(sequential.betaEvidence)(
    '$successes and $failures against a share of $p are the evidence that savvi finds',
    ({ successes, failures, p, prior, pValue }) => {
      expect(betaMixtureEvidence(successes, failures, p, prior)).toBeCloseTo(-Math.log(pValue), 9);
    },
  );

  it.each(sequential.confidenceSequences)(
    'the confidence sequence of $successes of $trials ends where root finding says',
    ({ successes, trials, confidence, ...expected }) => {
      const { low, high } = proportionConfidenceSequence({ successes, trials }, confidence);
      expect(low).toBeCloseTo(expected.low, 11);
      expect(high).toBeCloseTo(expected.high, 11);
    },
  );

  it.each(sequential.mixtureSprt)(
    'the mixture SPRT of $baseline and $canary is the mixture, integrated',
    ({ baseline, canary, tau, pValue }) => {
      expect(mixtureSprt(of(baseline), of(canary), tau)! / pValue).toBeCloseTo(1, 8);
    },
  );

  it.each(sequential.meanSprt)(
    'the mixture SPRT of two means at tau $tau, too',
    ({ baseline, canary, tau, pValue }) => {
      expect(meanSprt(computeMoments(baseline), computeMoments(canary), tau)! / pValue).toBeCloseTo(1, 8);
    },
  );

  it.each(sequential.safeTest)(
    'the safe test, $alternative, bets block by block as the paper does',
    ({ alternative, blocks }) => {
      let state = initialSafeTestState;
      for (const [successes, trials, logEvidence] of blocks) {
        const [baseline, canary] = [of([successes[0], trials[0]]), of([successes[1], trials[1]])];
        state = safeProportionTest(state, { baseline, canary }, alternative);
        expect(state.logEvidence).toBeCloseTo(logEvidence, 10);
      }
    },
  );
});
