import { SeededRandom } from '@headrace/kernel';
import {
  countInto,
  countWeightedInto,
  DdSketch,
  freezeHistogram,
  freezeWeighted,
  type FrozenHistogram,
  jensenShannonDistance,
  KllSketch,
  ksFromDdSketches,
  ksFromKllSketches,
  ksTwoSample,
  populationStabilityIndex,
  type WeightedValues,
} from '@headrace/statistics';
import { type BenchResult, median } from './bench-result.js';
import { runPeer } from './peers/run-peer.js';
import { benchMonitoringKernels } from './statistics-monitoring.js';
import { benchStatisticsKernels } from './statistics-kernels.js';

const FEATURES = 50;
const ROWS = 100_000;
const ROUNDS = 5;

/**
 * Drift of 50 columns of 100,000 rows: from raw arrays, freezing the reference included, against SciPy and Evidently on the
 * same work; and from the stored sketches of both windows. Then each
 * kernel by itself.
 */
export async function benchStatistics(): Promise<BenchResult[]> {
  const random = new SeededRandom(7);
  const columns = (shift: number): Float64Array[] =>
    Array.from({ length: FEATURES }, () =>
      Float64Array.from({ length: ROWS }, () => random.normal() + shift),
    );
  const [reference, current] = [columns(0), columns(0.1)];
  const raw = measureSeconds(reference, current, (before, after) => {
    const frozen = freezeHistogram(before);
    return [ksTwoSample(before, after), ...computeDistances(frozen, countInto(frozen.edges, after))];
  });
  const name = `KS + PSI + JS, ${FEATURES} features x ${ROWS} rows`;
  const figure = { unit: 's', better: 'lower' } as const;
  const results: BenchResult[] = [];
  const peers = [
    ['SciPy', 'scipy', runPeer('statistics-scipy.py', String(FEATURES), String(ROWS), '3')],
    ['Evidently', 'evidently', runPeer('statistics-evidently.py', String(FEATURES), String(ROWS))],
  ] as const;
  for (const [label, key, report] of peers) {
    const seconds = report?.values['seconds'];
    if (report === undefined || seconds === undefined) continue;
    const reference = { name: `${label} ${report.versions[key] ?? '?'}`, value: seconds };
    results.push({ name, value: raw, ...figure, reference });
  }
  if (results.length === 0) results.push({ name, value: raw, ...figure });

  const fromDd = measureSeconds(
    reference.map((values) => DdSketch.of(values).state()),
    current.map((values) => DdSketch.of(values).state()),
    (storedBefore, storedAfter) => {
      const [before, after] = [DdSketch.restore(storedBefore), DdSketch.restore(storedAfter)];
      const frozen = freezeWeighted(before.weighted(), 10, (left, right) =>
        before.borderBetween(left, right),
      );
      return [
        ksFromDdSketches(before, after),
        ...computeDistances(frozen, countSketch(frozen, after.weighted())),
      ];
    },
  );
  const fromKll = measureSeconds(
    reference.map((values, feature) => KllSketch.of(values, 2 * feature).state()),
    current.map((values, feature) => KllSketch.of(values, 2 * feature + 1).state()),
    (storedBefore, storedAfter) => {
      const [before, after] = [KllSketch.restore(storedBefore), KllSketch.restore(storedAfter)];
      const frozen = freezeWeighted(before.weighted());
      return [
        ksFromKllSketches(before, after),
        ...computeDistances(frozen, countSketch(frozen, after.weighted())),
      ];
    },
  );
  const toRaw = { name: 'ours from raw arrays', value: raw };
  return [
    ...results,
    {
      name: 'the same from stored DDSketches',
      value: fromDd,
      ...figure,
      reference: toRaw,
    },
    {
      name: 'the same from stored KLL sketches',
      value: fromKll,
      ...figure,
      reference: toRaw,
    },
    ...benchStatisticsKernels(),
    ...benchMonitoringKernels(),
  ];
}

const countSketch = (frozen: FrozenHistogram, sample: WeightedValues): FrozenHistogram =>
  countWeightedInto(frozen.edges, sample);
const computeDistances = (frozen: FrozenHistogram, current: FrozenHistogram): (number | undefined)[] => [
  populationStabilityIndex(frozen, current),
  jensenShannonDistance(frozen, current),
];

/** Median over the rounds, after one to warm up, of judging every column. */
function measureSeconds<Column>(
  reference: readonly Column[],
  current: readonly Column[],
  judge: (before: Column, after: Column) => readonly unknown[],
): number {
  const measure = (): number => {
    const start = performance.now();
    reference.forEach((before, feature) => {
      if (judge(before, current[feature] as Column).includes(undefined)) {
        throw new Error('The benchmark measured nothing');
      }
    });
    return (performance.now() - start) / 1000;
  };
  measure();
  return median(Array.from({ length: ROUNDS }, measure));
}
