import { SeededRandom } from '@headrace/kernel';
import {
  adwin,
  adwinStart,
  benjaminiHochberg,
  blockBootstrap,
  calibrateIsotonic,
  DdSketch,
  evaluateBinary,
  fitIsotonic,
  KllSketch,
  ksTwoSample,
  mannWhitney,
  pageHinkley,
  pageHinkleyStart,
  wassersteinDistance,
  wilcoxonSignedRank,
} from '@headrace/statistics';
import { type BenchResult, median } from './bench-result.js';
import { runPeer } from './peers/run-peer.js';

const ROWS = 100_000;
const STREAM = 20_000;
const ROUNDS = 5;

/** The tests, metrics and detectors one by one, on columns of 100,000 rows and streams of 20,000 values. */
export function benchStatisticsKernels(): BenchResult[] {
  const random = new SeededRandom(11);
  const column = (draw: () => number, rows = ROWS): Float64Array => Float64Array.from({ length: rows }, draw);
  const first = column(() => random.normal());
  const second = column(() => random.normal() + 0.05);
  const scores = column(() => random.next());
  const labels = scores.map((score) => (random.next() < score * score ? 1 : 0));
  const stream = column(() => random.next(), STREAM);
  const pValues = [...scores];
  const [short, other] = [first.subarray(0, 5000), second.subarray(0, 4000)];
  const mean = (rows: Uint32Array): number => {
    let sum = 0;
    for (const row of rows) sum += first[row] as number;
    return sum / rows.length;
  };

  // What is measured, the peer's package and figure, and the work.
  const work: readonly (readonly [string, string, string, () => unknown])[] = [
    [
      '19 metrics of labels and probabilities',
      'scikit-learn',
      'metrics',
      () => evaluateBinary(labels, scores),
    ],
    [
      'isotonic calibration, fitted and applied',
      'scikit-learn',
      'isotonic',
      () => calibrated(labels, scores),
    ],
    ['Mann-Whitney', 'scipy', 'mannWhitney', () => mannWhitney(first, second)],
    ['Wilcoxon signed rank', 'scipy', 'wilcoxon', () => wilcoxonSignedRank(first, second)],
    ['Wasserstein', 'scipy', 'wasserstein', () => wassersteinDistance(first, second)],
    ['exact KS, 5,000 and 4,000 rows', 'scipy', 'ksExact', () => ksTwoSample(short, other, 'exact')],
    ['Benjamini-Hochberg', 'statsmodels', 'benjaminiHochberg', () => benjaminiHochberg(pValues)],
    [
      'Page-Hinkley, 20,000 values',
      'river',
      'pageHinkley',
      () => stream.reduce((state, value) => pageHinkley(state, value), pageHinkleyStart),
    ],
    [
      'ADWIN, 20,000 values',
      'river',
      'adwin',
      () => stream.reduce((state, value) => adwin(state, value), adwinStart),
    ],
    ['DDSketch of 100,000 values', '', '', () => DdSketch.of(first)],
    ['KLL of 100,000 values', '', '', () => KllSketch.of(first, 1)],
    [
      'stationary bootstrap of a mean, 1,000 x 1,000 rows',
      '',
      '',
      () => blockBootstrap(1000, mean, new SeededRandom(3)),
    ],
  ];
  const peer = runPeer('statistics-kernels.py', String(ROWS), String(STREAM));
  return work.map(([name, packageName, figure, run]) => {
    const value = secondsOf(run);
    const theirs = peer?.values[figure];
    return {
      name,
      value,
      unit: 's',
      better: 'lower',
      ...(peer !== undefined &&
        theirs !== undefined && {
          reference: { name: `${packageName} ${peer.versions[packageName] ?? '?'}`, value: theirs },
        }),
    };
  });
}

function calibrated(labels: Float64Array, scores: Float64Array): number | undefined {
  const fitted = fitIsotonic(labels, scores);
  if (fitted === undefined) return undefined;
  let sum = 0;
  for (const score of scores) sum += calibrateIsotonic(fitted, score);
  return sum;
}

function secondsOf(run: () => unknown): number {
  const measure = (): number => {
    const start = performance.now();
    if (run() === undefined) throw new Error('The benchmark measured nothing');
    return (performance.now() - start) / 1000;
  };
  measure();
  return median(Array.from({ length: ROUNDS }, measure));
}
