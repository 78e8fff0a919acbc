import { SeededRandom } from '@headrace/kernel';
import { describe, expect, it } from 'vitest';
import { adwin, adwinStart, adwinWindow } from './adwin.js';
import { benjaminiHochberg } from './benjamini-hochberg.js';
import { blockBootstrap } from './block-bootstrap.js';
import { chiSquareHomogeneity } from './chi-square.js';
import { proportionConfidenceSequence } from './confidence-sequence.js';
import { cusum, cusumStart } from './cusum.js';
import { DdSketch } from './dd-sketch.js';
import { estimatePerformance } from './estimated-performance.js';
import { evaluateBinary } from './evaluate-binary.js';
import { mae, mse, r2 } from './forecast-errors.js';
import { countInto, freezeHistogram } from './frozen-histogram.js';
import { hellingerDistance } from './hellinger.js';
import { InvalidSampleError } from './invalid-sample-error.js';
import { fitIsotonic } from './isotonic-calibration.js';
import { jensenShannonDistance } from './jensen-shannon.js';
import { KllSketch } from './kll-sketch.js';
import { ksOfHistograms } from './ks-of-histograms.js';
import { ksOfDdSketches, ksOfKllSketches } from './ks-of-sketches.js';
import { ksTwoSample } from './ks-two-sample.js';
import { kullbackLeibler } from './kullback-leibler.js';
import { mannWhitney } from './mann-whitney.js';
import { meanSprt, mixtureSprt } from './mixture-sprt.js';
import { momentsOf } from './moments.js';
import { pageHinkley, pageHinkleyStart } from './page-hinkley.js';
import { populationStabilityIndex } from './population-stability-index.js';
import { wilsonInterval } from './proportions.js';
import { quantileConfidenceSequence, quantileSprt } from './quantile-sequences.js';
import { directionalAccuracy } from './temporal-metrics.js';
import { normalizedWasserstein, wassersteinDistance } from './wasserstein.js';
import { wilcoxonSignedRank } from './wilcoxon-signed-rank.js';

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
    ksOfHistograms: (x, y) => ksOfHistograms(...histograms(x, y, 'quantile')),
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
    ksOfDdSketches: (x, y) => ksOfDdSketches(DdSketch.of(x), DdSketch.of(y)),
    ksOfKllSketches: (x, y) => ksOfKllSketches(KllSketch.of(x, 1), KllSketch.of(y, 2)),
    meanSprt: (x, y) => meanSprt(momentsOf(x), momentsOf(y), 1),
    quantileSprt: (x, y) => quantileSprt(x, y, 0.5),
    mse: (x, y) => [mse(x, y), mae(x, y), r2(x, y)],
    directionalAccuracy: (x, y) => directionalAccuracy(x, y),
    evaluateBinary: (x, y) => evaluateBinary(x, y),
    fitIsotonic: (x, y) => fitIsotonic(x, y),
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
    momentsOf,
    'quantiles of a DDSketch': (column) => [0, 0.5, 1].map((share) => DdSketch.of(column).quantile(share)),
    'quantiles of a KLL sketch': (column) =>
      [0, 0.5, 1].map((share) => KllSketch.of(column, 1).quantile(share)),
    quantileConfidenceSequence: (column) => quantileConfidenceSequence(column, 0.5),
    estimatePerformance: (column) => estimatePerformance(column),
    benjaminiHochberg: (column) => benjaminiHochberg(column),
    'Page-Hinkley': (column) => column.reduce((state, value) => pageHinkley(state, value), pageHinkleyStart),
    ADWIN: (column) => {
      const state = column.reduce((before, value) => adwin(before, value, { clock: 1 }), adwinStart);
      return [state, adwinWindow(state)];
    },
    CUSUM: (column) =>
      column.reduce((state, value) => cusum(state, value, { target: 0, deviation: 1 }), cusumStart),
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

  it('and what is no count, no level and no p-value is refused', () => {
    expect(() => chiSquareHomogeneity([NaN, 1], [1, 2])).toThrow(InvalidSampleError);
    expect(() => chiSquareHomogeneity([-1, 1], [1, 2])).toThrow(InvalidSampleError);
    expect(() => benjaminiHochberg([NaN])).toThrow(InvalidSampleError);
    expect(() => adwin(adwinStart, 1, { delta: 0 })).toThrow(InvalidSampleError);
    expect(() => cusum(cusumStart, 1, { target: NaN, deviation: 1 })).toThrow(InvalidSampleError);
    expect(() => meanSprt(momentsOf([1, 2]), momentsOf([1, 2]), NaN)).toThrow(InvalidSampleError);
  });
});
