import { SeededRandom } from '@headrace/kernel';
import {
  adwin,
  initialAdwinState,
  benjaminiHochberg,
  calibrateIsotonic,
  evaluateBinary,
  fitIsotonic,
  ksTwoSample,
  mannWhitney,
  pageHinkley,
  initialPageHinkleyState,
  wassersteinDistance,
  wilcoxonSignedRank,
} from '@headrace/statistics';
import { type BenchResult } from './bench-result.js';
import { measureBesidePeer } from './measure-beside-peer.js';
import { runPeer } from './peers/run-peer.js';

const ROWS = 100_000;
const STREAM = 20_000;

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
  return measureBesidePeer(
    [
      {
        name: '19 metrics of labels and probabilities',
        peer: 'scikit-learn',
        figure: 'metrics',
        run: () => evaluateBinary(labels, scores),
      },
      {
        name: 'isotonic calibration, fitted and applied',
        peer: 'scikit-learn',
        figure: 'isotonic',
        run: () => calibrateAndScore(labels, scores),
      },
      { name: 'Mann-Whitney', peer: 'scipy', figure: 'mannWhitney', run: () => mannWhitney(first, second) },
      {
        name: 'Wilcoxon signed rank',
        peer: 'scipy',
        figure: 'wilcoxon',
        run: () => wilcoxonSignedRank(first, second),
      },
      {
        name: 'Wasserstein',
        peer: 'scipy',
        figure: 'wasserstein',
        run: () => wassersteinDistance(first, second),
      },
      {
        name: 'exact KS, 5,000 and 4,000 rows',
        peer: 'scipy',
        figure: 'ksExact',
        run: () => ksTwoSample(short, other, 'exact'),
      },
      {
        name: 'Benjamini-Hochberg',
        peer: 'statsmodels',
        figure: 'benjaminiHochberg',
        run: () => benjaminiHochberg(pValues),
      },
      {
        name: 'Page-Hinkley, 20,000 values',
        peer: 'river',
        figure: 'pageHinkley',
        run: () => stream.reduce((state, value) => pageHinkley(state, value), initialPageHinkleyState),
      },
      {
        name: 'ADWIN, 20,000 values',
        peer: 'river',
        figure: 'adwin',
        run: () => stream.reduce((state, value) => adwin(state, value), initialAdwinState),
      },
    ],
    runPeer('statistics-kernels.py', String(ROWS), String(STREAM)),
  );
}

function calibrateAndScore(labels: Float64Array, scores: Float64Array): number | undefined {
  const fitted = fitIsotonic(labels, scores);
  if (fitted === undefined) return undefined;
  let sum = 0;
  for (const score of scores) sum += calibrateIsotonic(fitted, score);
  return sum;
}
