import { SeededRandom } from '@headrace/kernel';
import {
  blockBootstrap,
  cusum,
  initialCusumState,
  DdSketch,
  estimatePerformance,
  KllSketch,
  leadTime,
  mixtureSprt,
  type Proportion,
  proportionConfidenceSequence,
  quantileSprt,
  rateTest,
  safeProportionTest,
  type SafeTestState,
  initialSafeTestState,
} from '@headrace/statistics';
import { type BenchResult } from './bench-result.js';
import { measureBesidePeer } from './measure-beside-peer.js';
import { runPeer } from './peers/run-peer.js';

const ROWS = 100_000;
const STREAM = 20_000;
const LOOKS = 1000;

/** Kernels that monitor a running model: sketches, estimates without labels, sequential tests; 100,000 rows, 20,000 values or 1,000 looks. */
export function benchMonitoringKernels(): BenchResult[] {
  const random = new SeededRandom(13);
  const column = (draw: () => number, rows = ROWS): Float64Array => Float64Array.from({ length: rows }, draw);
  const values = column(() => random.normal());
  const scores = column(() => random.next() ** 2);
  const alerts = column(() => random.integer(10_000_000));
  const incidents = column(() => random.integer(10_000_000), 5000);
  const binomial = (trials: number, share: number): Proportion => {
    let successes = 0;
    for (let trial = 0; trial < trials; trial += 1) if (random.next() < share) successes += 1;
    return { successes, trials };
  };
  const arms = Array.from({ length: LOOKS }, () => ({
    baseline: binomial(400, 0.2),
    canary: binomial(400, 0.22),
  }));
  const [before, after] = [values.subarray(0, 2000), values.subarray(2000, 4000)];
  const mean = (rows: Uint32Array): number => {
    let sum = 0;
    for (const row of rows) sum += values[row] as number;
    return sum / rows.length;
  };
  /** Reduces all looks to one figure, so that none is optimised away. */
  const over = (of: (arm: (typeof arms)[number]) => number | undefined): number =>
    arms.reduce((sum, arm) => sum + (of(arm) ?? 0), 0);
  const inControl = { target: 0, deviation: 1 };

  return measureBesidePeer(
    [
      {
        name: 'DDSketch of 100,000 values',
        peer: 'ddsketch',
        figure: 'ddSketch',
        run: () => DdSketch.of(values),
      },
      {
        name: 'KLL of 100,000 values, k = 400',
        peer: 'datasketches',
        figure: 'kll',
        run: () => KllSketch.of(values, 1),
      },
      {
        name: 'performance without labels, 6 figures of 100,000 rows',
        peer: 'nannyml',
        figure: 'estimated',
        run: () => estimatePerformance(scores),
      },
      {
        name: 'lead time, 100,000 alerts and 5,000 incidents',
        peer: 'pandas',
        note: 'as-of join',
        figure: 'leadTime',
        run: () => leadTime(alerts, incidents, 900),
      },
      {
        name: 'CUSUM, 20,000 values',
        peer: 'numpy',
        note: 'same formula on arrays',
        figure: 'cusum',
        run: () =>
          values
            .subarray(0, STREAM)
            .reduce((state, value) => cusum(state, value, inControl), initialCusumState),
      },
      {
        name: 'confidence sequence of a proportion, 1,000 looks',
        peer: 'scipy',
        note: 'same formula by brentq',
        figure: 'confidenceSequence',
        run: () => over(({ canary }) => proportionConfidenceSequence(canary).low),
      },
      {
        name: 'mixture SPRT of two proportions, 1,000 looks',
        peer: 'numpy',
        note: 'same formula a look',
        figure: 'mixtureSprt',
        run: () => over(({ baseline, canary }) => mixtureSprt(baseline, canary)),
      },
      {
        name: 'safe test of two proportions, 1,000 blocks',
        peer: 'scipy',
        note: 'same formula a block',
        figure: 'safeTest',
        run: () =>
          arms.reduce<SafeTestState>((state, arm) => safeProportionTest(state, arm), initialSafeTestState),
      },
      {
        name: 'mixture SPRT of two medians, 20 looks at up to 2,000 rows an arm',
        peer: 'scipy',
        note: 'same formula on arrays',
        figure: 'quantileSprt',
        run: () => {
          let least = 1;
          for (let rows = 100; rows <= 2000; rows += 100) {
            const p = quantileSprt(before.subarray(0, rows), after.subarray(0, rows), 0.5);
            least = Math.min(least, p ?? 1);
          }
          return least;
        },
      },
      {
        name: 'exact test of two rates, 1,000 looks',
        peer: 'statsmodels',
        figure: 'rateTest',
        run: () =>
          over(
            ({ baseline, canary }) =>
              rateTest(
                { events: baseline.successes, exposure: baseline.trials },
                { events: canary.successes, exposure: canary.trials },
              )?.pValue,
          ),
      },
      {
        name: 'stationary bootstrap of a mean, 1,000 x 1,000 rows',
        peer: 'arch',
        figure: 'bootstrap',
        run: () => blockBootstrap(1000, mean, new SeededRandom(3), { blockLength: 20 }),
      },
    ],
    runPeer('statistics-monitoring.py', String(ROWS), String(STREAM), String(LOOKS)),
  );
}
