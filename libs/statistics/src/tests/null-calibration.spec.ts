import { SeededRandom } from '@headrace/kernel';
import { describe, expect, it } from 'vitest';
import { benjaminiHochberg } from './benjamini-hochberg.js';
import { betaMixtureEvidence } from '../sequential/beta-mixture.js';
import { chiSquareHomogeneity } from './chi-square.js';
import { countInto, freezeHistogram } from '../histograms/frozen-histogram.js';
import { ksFromHistograms } from '../sketches/ks-from-histograms.js';
import { ksTwoSample } from './ks-two-sample.js';
import { mannWhitney } from './mann-whitney.js';
import { meanConfidenceSequence } from '../sequential/mean-confidence-sequence.js';
import { meanSprt, mixtureSprt } from '../sequential/mixture-sprt.js';
import { mergeMoments, computeMoments, emptyMoments } from '../samples/moments.js';
import { populationStabilityIndex } from '../histograms/population-stability-index.js';
import { twoProportionTest } from './proportions.js';
import { quantileRankBounds, quantileSprt } from '../sequential/quantile-sequences.js';
import { rateTest } from './rates.js';
import {
  alwaysValidPValue,
  safeProportionTest,
  initialSafeTestState,
} from '../sequential/sequential-proportions.js';
import { wilcoxonSignedRank } from './wilcoxon-signed-rank.js';

const RUNS = 10_000;
const LEVEL = 0.05;
/** Four standard deviations of the share of alarms: one healthy suite in 30,000 would fail. */
const BAND = 4 * Math.sqrt((LEVEL * (1 - LEVEL)) / RUNS);

/** The share of seeded runs in which a true null hypothesis is rejected at 5 %. */
function rejected(seed: number, pValueOf: (random: SeededRandom) => number | undefined): number {
  const random = new SeededRandom(seed);
  let alarms = 0;
  for (let run = 0; run < RUNS; run += 1) if ((pValueOf(random) ?? 1) <= LEVEL) alarms += 1;
  return alarms / RUNS;
}

const normals = (random: SeededRandom, rows: number): Float64Array => {
  const values = new Float64Array(rows);
  for (let row = 0; row < rows; row += 1) values[row] = random.normal();
  return values;
};
const successesOf = (random: SeededRandom, trials: number, share: number): number => {
  let successes = 0;
  for (let trial = 0; trial < trials; trial += 1) if (random.next() < share) successes += 1;
  return successes;
};
const poisson = (random: SeededRandom, mean: number): number => {
  let [count, product] = [0, random.next()];
  for (const limit = Math.exp(-mean); product > limit; count += 1) product *= random.next();
  return count;
};

describe(`fixed-sample tests reject a true null in 5 % of ${RUNS} runs`, () => {
  // `least`: what the steps of a discrete p-value may cost; 1 where it has none worth speaking of.
  it.each<[string, number, (random: SeededRandom) => number | undefined]>([
    [
      'Kolmogorov-Smirnov, exact',
      0.8,
      (random) => ksTwoSample(normals(random, 40), normals(random, 31))!.pValue,
    ],
    [
      'Kolmogorov-Smirnov, asymptotic',
      0.85,
      (random) => ksTwoSample(normals(random, 150), normals(random, 97), 'asymptotic')!.pValue,
    ],
    ['Mann-Whitney, exact', 0.9, (random) => mannWhitney(normals(random, 8), normals(random, 12))!.pValue],
    [
      'Mann-Whitney, asymptotic',
      0.95,
      (random) => mannWhitney(normals(random, 30), normals(random, 25))!.pValue,
    ],
    [
      'Mann-Whitney with ties',
      0.9,
      (random) =>
        mannWhitney(
          Array.from({ length: 40 }, () => random.integer(5)),
          Array.from({ length: 40 }, () => random.integer(5)),
        )!.pValue,
    ],
    [
      'Wilcoxon, exact',
      0.95,
      (random) => wilcoxonSignedRank(normals(random, 25), normals(random, 25))!.pValue,
    ],
    [
      'Wilcoxon, asymptotic',
      0.95,
      (random) => wilcoxonSignedRank(normals(random, 60), normals(random, 60))!.pValue,
    ],
    [
      'chi-square',
      0.95,
      (random) => {
        const counts = (rows: number): number[] => {
          const list = [0, 0, 0, 0, 0];
          for (let row = 0; row < rows; row += 1) list[random.integer(5)]! += 1;
          return list;
        };
        return chiSquareHomogeneity(counts(200), counts(120))!.pValue;
      },
    ],
    [
      'two proportions',
      0.85,
      (random) =>
        twoProportionTest(
          { successes: successesOf(random, 300, 0.3), trials: 300 },
          { successes: successesOf(random, 200, 0.3), trials: 200 },
        )!.pValue,
    ],
    [
      'two rates',
      0.6,
      (random) =>
        rateTest({ events: poisson(random, 30), exposure: 30 }, { events: poisson(random, 20), exposure: 20 })
          ?.pValue,
    ],
    [
      'the smallest of 20 p-values after Benjamini-Hochberg',
      0.95,
      (random) =>
        Math.min(...(benjaminiHochberg(Array.from({ length: 20 }, () => random.next())) as number[])),
    ],
  ])('%s', (name, least, pValueOf) => {
    const rate = rejected(100 + name.length, pValueOf);
    expect(rate).toBeLessThanOrEqual(LEVEL + BAND);
    expect(rate).toBeGreaterThanOrEqual(least * LEVEL - BAND);
  });

  it('PSI exceeds the 95 % point of chi-square over n m / (n + m) in about 5 %, so that a threshold can be set by it', () => {
    // chi-square with 9 degrees of freedom: 16.919 at 95 %.
    const limit = 16.919 * (1 / 400 + 1 / 400);
    const rate = rejected(131, (random) => {
      const frozen = freezeHistogram(normals(random, 400));
      return populationStabilityIndex(frozen, countInto(frozen.edges, normals(random, 400)))! > limit ? 0 : 1;
    });
    expect(Math.abs(rate - LEVEL)).toBeLessThan(0.012);
  });

  it('KS of histograms is conservative: it sees the distance at the borders only', () => {
    const rate = rejected(132, (random) => {
      const frozen = freezeHistogram(normals(random, 150));
      return ksFromHistograms(frozen, countInto(frozen.edges, normals(random, 150)))!.pValue;
    });
    expect(rate).toBeLessThan(LEVEL);
    expect(rate).toBeGreaterThan(0.01);
  });
});

describe(`sequential tests keep 5 % of ${RUNS} runs under looking all the time`, () => {
  it.each([0.02, 0.3])('confidence sequence for a proportion of %s: 200 looks', (truth) => {
    const rate = rejected(141, (random) => {
      let successes = 0;
      for (let trials = 1; trials <= 200; trials += 1) {
        if (random.next() < truth) successes += 1;
        if (betaMixtureEvidence(successes, trials - successes, truth) > -Math.log(LEVEL)) return 0;
      }
      return 1;
    });
    expect(rate).toBeLessThanOrEqual(LEVEL + BAND);
    expect(rate).toBeGreaterThan(0.005);
  });

  it.each([0.5, 0.9])('confidence sequence for the quantile at %s: 200 looks', (share) => {
    const bounds = Array.from({ length: 201 }, (_, rows) => quantileRankBounds(rows, share));
    const rate = rejected(142, (random) => {
      let below = 0;
      for (let rows = 1; rows <= 200; rows += 1) {
        if (random.next() <= share) below += 1;
        if (below < bounds[rows]!.low || below > bounds[rows]!.high) return 0;
      }
      return 1;
    });
    expect(rate).toBeLessThanOrEqual(LEVEL + BAND);
    expect(rate).toBeGreaterThan(0.005);
  });

  it('confidence sequence for a mean of uniform values: every look from the 30th to the 300th row', () => {
    const rate = rejected(147, (random) => {
      let moments = emptyMoments;
      for (let row = 1; row <= 300; row += 1) {
        moments = mergeMoments(moments, { count: 1, mean: random.next(), squares: 0 });
        if (row < 30) continue;
        const { low, high } = meanConfidenceSequence(moments)!;
        if (low > 0.5 || high < 0.5) return 0;
      }
      return 1;
    });
    expect(rate).toBeLessThanOrEqual(LEVEL + BAND);
    expect(rate).toBeGreaterThan(0.002);
  });

  it('mixture SPRT of two proportions: 20 looks', () => {
    const rate = rejected(143, (random) => {
      let [a, b] = [0, 0];
      for (let step = 1; step <= 20; step += 1) {
        a += successesOf(random, 50, 0.2);
        b += successesOf(random, 50, 0.2);
        const arm = { trials: 50 * step };
        if ((mixtureSprt({ ...arm, successes: a }, { ...arm, successes: b }, 0.05) ?? 1) <= LEVEL) return 0;
      }
      return 1;
    });
    expect(rate).toBeLessThanOrEqual(LEVEL + BAND);
    expect(rate).toBeGreaterThan(0.005);
  });

  it('mixture SPRT of two means: 20 looks from 20 rows an arm on', () => {
    const rate = rejected(144, (random) => {
      let [a, b] = [emptyMoments, emptyMoments];
      for (let step = 1; step <= 20; step += 1) {
        a = mergeMoments(a, computeMoments(normals(random, 20)));
        b = mergeMoments(b, computeMoments(normals(random, 20)));
        if (meanSprt(a, b, 0.3)! <= LEVEL) return 0;
      }
      return 1;
    });
    expect(rate).toBeLessThanOrEqual(LEVEL + BAND);
    expect(rate).toBeGreaterThan(0.005);
  });

  it('mixture SPRT of two medians: three looks', () => {
    const rate = rejected(145, (random) => {
      const [a, b] = [normals(random, 32), normals(random, 32)];
      for (const rows of [8, 16, 32]) {
        if (quantileSprt(a.subarray(0, rows), b.subarray(0, rows), 0.5)! <= LEVEL) return 0;
      }
      return 1;
    });
    expect(rate).toBeLessThanOrEqual(LEVEL + BAND);
  });

  it.each([0.005, 0.05, 0.4])(
    'A/A with a share of %s and 20 requests a step: the safe test, 50 looks',
    (share) => {
      const rate = rejected(146, (random) => {
        let state = initialSafeTestState;
        for (let step = 0; step < 50; step += 1) {
          const block = {
            baseline: { successes: successesOf(random, 19, share), trials: 19 },
            canary: { successes: successesOf(random, 1, share), trials: 1 },
          };
          state = safeProportionTest(state, block, 'greater');
        }
        return alwaysValidPValue(state);
      });
      expect(rate).toBeLessThanOrEqual(LEVEL + BAND);
    },
  );
});
