import { SeededRandom } from '@headrace/kernel';
import { describe, expect, it } from 'vitest';
import {
  accuracy,
  alertPrecision,
  confusion,
  f1,
  falsePositiveRate,
  precision,
  recall,
} from '../metrics/confusion.js';
import { brierScore } from '../metrics/brier-score.js';
import { businessCost, costPerPrediction } from '../metrics/business-cost.js';
import { calibrationError } from '../metrics/calibration-error.js';
import { cusumLimitFor, cusumRunLength } from '../change-detectors/cusum-run-length.js';
import { leadTime } from '../metrics/lead-time.js';
import { logLoss } from '../metrics/log-loss.js';
import { prAuc } from '../metrics/pr-auc.js';
import { rocAuc } from '../metrics/roc-auc.js';
import { exposurePerSide, rateInterval, rateTest } from '../tests/rates.js';
import {
  alwaysValidPValue,
  safeProportionTest,
  initialSafeTestState,
} from '../sequential/sequential-proportions.js';
import { sortValues } from './sort-values.js';
import { chiSquareTail, kolmogorovTail, normalQuantile, normalTail } from './special-functions.js';
import { countWeightedInto, freezeWeighted } from '../histograms/weighted-values.js';
import { adwin, initialAdwinState, adwinWindow } from '../change-detectors/adwin.js';
import { benjaminiHochberg } from '../tests/benjamini-hochberg.js';
import { blockBootstrap } from '../tests/block-bootstrap.js';
import { chiSquareHomogeneity } from '../tests/chi-square.js';
import { proportionConfidenceSequence } from '../sequential/confidence-sequence.js';
import { cusum, initialCusumState } from '../change-detectors/cusum.js';
import { DdSketch } from '../sketches/dd-sketch.js';
import { estimatePerformance } from '../metrics/estimate-performance.js';
import { evaluateBinary } from '../metrics/evaluate-binary.js';
import { forecastBias, mae, mse, r2 } from '../metrics/forecast-errors.js';
import {
  findBin,
  countInto,
  freezeHistogram,
  haveSameBins,
  mergeHistograms,
} from '../histograms/frozen-histogram.js';
import { hellingerDistance } from '../histograms/hellinger.js';
import { InvalidSampleError } from './invalid-sample-error.js';
import { calibrateIsotonic, fitIsotonic } from '../metrics/isotonic-calibration.js';
import { jensenShannonDistance, jensenShannonDivergence } from '../histograms/jensen-shannon.js';
import { KllSketch } from '../sketches/kll-sketch.js';
import { ksFromHistograms } from '../sketches/ks-from-histograms.js';
import { ksFromDdSketches, ksFromKllSketches } from '../sketches/ks-from-sketches.js';
import { ksOfSortedSamples, ksTwoSample } from '../tests/ks-two-sample.js';
import { kullbackLeibler } from '../histograms/kullback-leibler.js';
import { mannWhitney } from '../tests/mann-whitney.js';
import { meanConfidenceSequence } from '../sequential/mean-confidence-sequence.js';
import { meanSprt, mixtureSprt } from '../sequential/mixture-sprt.js';
import { mergeMoments, computeMoments, emptyMoments, sampleVariance } from './moments.js';
import { pageHinkley, initialPageHinkleyState } from '../change-detectors/page-hinkley.js';
import { populationStabilityIndex } from '../histograms/population-stability-index.js';
import {
  powerForProportions,
  powerForEffect,
  zeroEventUpperBound,
  sampleSizeForEffect,
  sampleSizePerSide,
  zeroEventSampleSize,
  twoProportionTest,
  wilsonInterval,
} from '../tests/proportions.js';
import {
  quantileConfidenceSequence,
  quantileRankBounds,
  quantileSprt,
} from '../sequential/quantile-sequences.js';
import { directionalAccuracy, temporalConsistency } from '../metrics/temporal-metrics.js';
import { normalizedWasserstein, wassersteinDistance } from '../tests/wasserstein.js';
import { wilcoxonSignedRank } from '../tests/wilcoxon-signed-rank.js';

const random = new SeededRandom(81);
const columns: Readonly<Record<string, readonly number[]>> = {
  empty: [],
  'one value': [3],
  'one NaN': [NaN],
  'all NaN': [NaN, NaN, NaN],
  constant: [5, 5, 5, 5],
  'another constant': [6, 6, 6, 6],
  'all zero': [0, 0, -0, 0],
  'one category of two': [1, 1, 1, 1],
  'two values': [0, 1, 1, 0],
  'some NaN': [1, NaN, 2, NaN],
  'an infinity': [1, 2, Infinity, 3],
  'both infinities': [-Infinity, Infinity, 0, 1],
  'only infinities': [Infinity, Infinity],
  huge: [1.7e308, -1.7e308, 1e308, -1e308],
  tiny: [5e-324, -5e-324, 1e-310, 0],
  'an outlier': [1, 2, 3, 1e300],
  normal: Array.from({ length: 60 }, () => random.normal()),
};
const pairs = Object.keys(columns).flatMap((first) =>
  Object.keys(columns).map((second) => [first, second] as const),
);

/** Every number in a result, however deep. */
function numbersIn(result: unknown): number[] {
  if (typeof result === 'number') return [result];
  if (typeof result !== 'object' || result === null) return [];
  return Object.values(result).flatMap(numbersIn);
}

/** The result, or nothing where the columns are refused with a typed error; any other error is thrown on. */
function answerOf(ask: () => unknown): unknown {
  try {
    return ask();
  } catch (error) {
    if (error instanceof InvalidSampleError) return undefined;
    throw error;
  }
}

describe('no pair of columns makes a NaN (evidently#1929, nannyml#339, nannyml#327)', () => {
  const histograms = (x: readonly number[], y: readonly number[], by: 'quantile' | 'width') => {
    const frozen = freezeHistogram(x, { by });
    return [frozen, countInto(frozen.edges, y)] as const;
  };
  const tests: Readonly<Record<string, (x: readonly number[], y: readonly number[]) => unknown>> = {
    freezeHistogram: (x, y) => [histograms(x, y, 'quantile'), histograms(x, y, 'width')],
    populationStabilityIndex: (x, y) => populationStabilityIndex(...histograms(x, y, 'quantile')),
    jensenShannonDistance: (x, y) => jensenShannonDistance(...histograms(x, y, 'quantile')),
    kullbackLeibler: (x, y) => kullbackLeibler(...histograms(x, y, 'width')),
    hellingerDistance: (x, y) => hellingerDistance(...histograms(x, y, 'width')),
    ksOfHistograms: (x, y) => ksFromHistograms(...histograms(x, y, 'quantile')),
    chiSquareHomogeneity: (x, y) => {
      const [before, after] = histograms(x, y, 'quantile');
      return chiSquareHomogeneity(before.counts, after.counts);
    },
    ksTwoSample: (x, y) => ksTwoSample(x, y),
    'ksTwoSample, asymptotic': (x, y) => ksTwoSample(x, y, 'asymptotic'),
    wassersteinDistance: (x, y) => wassersteinDistance(x, y),
    normalizedWasserstein: (x, y) => normalizedWasserstein(x, y),
    mannWhitney: (x, y) => mannWhitney(x, y),
    wilcoxonSignedRank: (x, y) => wilcoxonSignedRank(x, y),
    ksOfDdSketches: (x, y) => ksFromDdSketches(DdSketch.of(x), DdSketch.of(y)),
    ksOfKllSketches: (x, y) => ksFromKllSketches(KllSketch.of(x, 1), KllSketch.of(y, 2)),
    meanSprt: (x, y) => meanSprt(computeMoments(x), computeMoments(y), 1),
    quantileSprt: (x, y) => quantileSprt(x, y, 0.5),
    mse: (x, y) => [mse(x, y), mae(x, y), r2(x, y)],
    directionalAccuracy: (x, y) => directionalAccuracy(x, y),
    evaluateBinary: (x, y) => evaluateBinary(x, y),
    'fitIsotonic and calibrateIsotonic': (x, y) => {
      const fitted = fitIsotonic(x, y);
      return fitted && [...y, 0.5, -1e308].map((score) => calibrateIsotonic(fitted, score));
    },
    jensenShannonDivergence: (x, y) => jensenShannonDivergence(...histograms(x, y, 'width'), 'e'),
    mergeHistograms: (x, y) => {
      const [before, after] = histograms(x, y, 'quantile');
      return [mergeHistograms(before, after), haveSameBins(before, after)];
    },
    'bins of a DDSketch': (x, y) => {
      const sketch = DdSketch.of(x);
      const frozen = freezeWeighted(sketch.weighted(), 10, (left, right) =>
        sketch.borderBetween(left, right),
      );
      return [frozen, countWeightedInto(frozen.edges, DdSketch.of(y).merge(sketch).weighted())];
    },
    'bins of a KLL sketch': (x, y) => {
      const sketch = KllSketch.of(x, 1);
      const frozen = freezeWeighted(sketch.weighted());
      return [frozen, countWeightedInto(frozen.edges, KllSketch.of(y, 2).merge(sketch).weighted())];
    },
    ksOfSorted: (x, y) => ksOfSortedSamples(sortValues(x), sortValues(y)),
    mergeMoments: (x, y) => {
      const both = mergeMoments(computeMoments(x), mergeMoments(emptyMoments, computeMoments(y)));
      return [both, sampleVariance(both)];
    },
    confusion: (x, y) => {
      const counts = confusion(x, y);
      return [
        ...[accuracy, precision, recall, f1, falsePositiveRate, alertPrecision].map((of) => of(counts)),
        businessCost(counts),
        costPerPrediction(counts),
      ];
    },
    rocAuc: (x, y) => rocAuc(x, y),
    prAuc: (x, y) => prAuc(x, y),
    brierScore: (x, y) => brierScore(x, y),
    logLoss: (x, y) => logLoss(x, y),
    calibrationError: (x, y) => calibrationError(x, y),
    forecastBias: (x, y) => forecastBias(x, y),
    temporalConsistency: (x, y) => temporalConsistency(x, y, 2),
    leadTime: (x, y) => leadTime(x, y, 10),
  };

  it.each(Object.keys(tests))('%s', (name) => {
    for (const [first, second] of pairs) {
      const found = numbersIn(answerOf(() => tests[name]!(columns[first]!, columns[second]!)));
      expect(found.filter(Number.isNaN), `${first} against ${second}`).toEqual([]);
    }
  });
});

describe('no column makes a NaN', () => {
  const answers: Readonly<Record<string, (column: readonly number[]) => unknown>> = {
    computeMoments,
    meanConfidenceSequence: (column) =>
      [0, 1].map((span) => meanConfidenceSequence(computeMoments(column), 0.9, { span })),
    'quantiles of a DDSketch': (column) => [0, 0.5, 1].map((share) => DdSketch.of(column).quantile(share)),
    'quantiles of a KLL sketch': (column) =>
      [0, 0.5, 1].map((share) => KllSketch.of(column, 1).quantile(share)),
    quantileConfidenceSequence: (column) => quantileConfidenceSequence(column, 0.5),
    estimatePerformance: (column) => estimatePerformance(column),
    benjaminiHochberg: (column) => benjaminiHochberg(column),
    'Page-Hinkley': (column) =>
      column.reduce((state, value) => pageHinkley(state, value), initialPageHinkleyState),
    ADWIN: (column) => {
      const state = column.reduce((before, value) => adwin(before, value, { clock: 1 }), initialAdwinState);
      return [state, adwinWindow(state)];
    },
    CUSUM: (column) =>
      column.reduce((state, value) => cusum(state, value, { target: 0, deviation: 1 }), initialCusumState),
    blockBootstrap: (column) =>
      blockBootstrap(column.length, (rows) => column[rows[0]!], new SeededRandom(1), { replicates: 20 }),
  };

  it.each(Object.keys(answers))('%s', (name) => {
    for (const [label, column] of Object.entries(columns)) {
      const found = numbersIn(answerOf(() => answers[name]!(column)));
      expect(found.filter(Number.isNaN), label).toEqual([]);
    }
  });
});

describe('no number of trials makes a NaN', () => {
  it.each([
    [0, 0],
    [0, 1],
    [1, 1],
    [0, 1e9],
    [1e9, 1e9],
    [3, 1e15],
  ])('%d of %d', (successes, trials) => {
    const observed = { successes, trials };
    const found = [
      wilsonInterval(observed),
      proportionConfidenceSequence(observed),
      mixtureSprt(observed, { successes: 1, trials: 2 }),
    ];
    expect(numbersIn(found).filter(Number.isNaN)).toEqual([]);
  });

  it.each([0, 1, -0.1, NaN, Infinity])('and a confidence of %d is refused', (confidence) => {
    expect(() => wilsonInterval({ successes: 1, trials: 2 }, confidence)).toThrow(InvalidSampleError);
    expect(() => proportionConfidenceSequence({ successes: 1, trials: 2 }, confidence)).toThrow(
      InvalidSampleError,
    );
    expect(() => quantileConfidenceSequence([1], 0.5, confidence)).toThrow(InvalidSampleError);
  });

  it('and invalid counts, levels and p-values are refused', () => {
    expect(() => chiSquareHomogeneity([NaN, 1], [1, 2])).toThrow(InvalidSampleError);
    expect(() => chiSquareHomogeneity([-1, 1], [1, 2])).toThrow(InvalidSampleError);
    expect(() => benjaminiHochberg([NaN])).toThrow(InvalidSampleError);
    expect(() => adwin(initialAdwinState, 1, { delta: 0 })).toThrow(InvalidSampleError);
    expect(() => cusum(initialCusumState, 1, { target: NaN, deviation: 1 })).toThrow(InvalidSampleError);
    expect(() => meanSprt(computeMoments([1, 2]), computeMoments([1, 2]), NaN)).toThrow(InvalidSampleError);
  });
});

describe('no number makes a NaN: a missing answer is undefined or refused', () => {
  const numbers = [
    0,
    -0,
    1,
    0.05,
    0.5,
    0.999999,
    2,
    40,
    -1,
    1.5,
    5e-324,
    1e15,
    1e308,
    Infinity,
    -Infinity,
    NaN,
  ];
  const proportion = (successes: number, trials: number) => ({ successes, trials });
  const rate = (events: number, exposure: number) => ({ events, exposure });
  const answers: Readonly<Record<string, (a: number, b: number, c: number) => unknown>> = {
    wilsonInterval: (a, b, c) => wilsonInterval(proportion(a, b), c),
    proportionConfidenceSequence: (a, b, c) => proportionConfidenceSequence(proportion(a, b), c),
    twoProportionTest: (a, b, c) => twoProportionTest(proportion(a, b), proportion(1, c)),
    mixtureSprt: (a, b, c) => mixtureSprt(proportion(a, b), proportion(3, 7), c),
    safeProportionTest: (a, b, c) => {
      const block = { baseline: proportion(a, b), canary: proportion(c, 40) };
      const state = safeProportionTest(safeProportionTest(initialSafeTestState, block), block);
      return [state, alwaysValidPValue(state)];
    },
    meanConfidenceSequence: (a, b, c) =>
      meanConfidenceSequence({ count: 9, mean: 3, squares: 2 }, a, { span: b, tightestAt: c }),
    rateTest: (a, b, c) => rateTest(rate(a, b), rate(3, c)),
    rateInterval: (a, b, c) => rateInterval(rate(a, b), c),
    exposurePerSide: (a, b, c) => exposurePerSide(a, b, c),
    sampleSizePerSide: (a, b, c) => sampleSizePerSide(a, b, c),
    sampleSizeOfEffect: (a, b, c) => sampleSizeForEffect(a, b, c),
    powerOf: (a, b, c) => powerForProportions(a, b, c),
    powerOfEffect: (a, b, c) => powerForEffect(a, b, c),
    trialsToBelieve: (a, b) => zeroEventSampleSize(a, b),
    rateBoundWhenNoneSeen: (a, b) => zeroEventUpperBound(a, b),
    quantileRankBounds: (a, b, c) => quantileRankBounds(a, b, c),
    cusumRunLength: (a, b, c) => cusumRunLength(a, b, c),
    cusumLimitFor: (a, b) => cusumLimitFor(a, b),
    cusum: (a, b, c) =>
      cusum(cusum(initialCusumState, a, { target: b, deviation: c }), a, { target: b, deviation: c }),
    pageHinkley: (a, b, c) =>
      pageHinkley(pageHinkley(initialPageHinkleyState, a), b, {
        threshold: 1,
        delta: 0.1,
        minInstances: Math.max(1, c),
      }),
    adwin: (a, b, c) =>
      adwinWindow([a, b, c].reduce((state, value) => adwin(state, value, { clock: 2 }), initialAdwinState)),
    kolmogorovTail: (a) => kolmogorovTail(a),
    normalTail: (a) => normalTail(a),
    normalQuantile: (a) => normalQuantile(a),
    chiSquareTail: (a, b) => chiSquareTail(a, b),
    binOf: (a, b) =>
      findBin(
        [0, 1, Infinity].filter((edge) => edge < b),
        a,
      ),
  };

  it.each(Object.keys(answers))('%s', (name) => {
    for (const a of numbers) {
      for (const b of numbers) {
        for (const c of numbers) {
          const found = numbersIn(answerOf(() => answers[name]!(a, b, c)));
          expect(found.filter(Number.isNaN), `${a}, ${b}, ${c}`).toEqual([]);
        }
      }
    }
  });
});
