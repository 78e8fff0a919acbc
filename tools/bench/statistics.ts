import { spawnSync } from 'node:child_process';
import { SeededRandom } from '@headrace/kernel';
import {
  countInto,
  freezeHistogram,
  jensenShannonDistance,
  ksTwoSample,
  populationStabilityIndex,
} from '@headrace/statistics';
import { type BenchResult, median } from './bench-result.js';

const FEATURES = 50;
const ROWS = 100_000;
const ROUNDS = 5;

/** The same work in SciPy and NumPy: raw arrays to KS, PSI and JS of each column, the bins made from the reference. */
const scipyScript = `
import json, time
import numpy as np
import scipy
from scipy import stats
from scipy.spatial.distance import jensenshannon
rng = np.random.default_rng(7)
reference = rng.normal(0, 1, (${FEATURES}, ${ROWS}))
current = rng.normal(0.1, 1, (${FEATURES}, ${ROWS}))
times = []
for _ in range(3):
    start = time.perf_counter()
    for r, c in zip(reference, current):
        stats.ks_2samp(r, c, method="asymp")
        edges = np.concatenate([[-np.inf], np.quantile(r, np.arange(1, 10) / 10), [np.inf]])
        p = np.histogram(r, edges)[0] / len(r)
        q = np.histogram(c, edges)[0] / len(c)
        p0, q0 = np.where(p == 0, 0.0001, p), np.where(q == 0, 0.0001, q)
        np.sum((q0 - p0) * np.log(q0 / p0))
        jensenshannon(p, q, base=2)
    times.append(time.perf_counter() - start)
print(json.dumps({"seconds": sorted(times)[len(times) // 2], "scipy": scipy.__version__}))
`;

/** Drift of 50 columns of 100,000 rows from raw arrays, freezing the reference included. */
export async function benchStatistics(): Promise<BenchResult[]> {
  const random = new SeededRandom(7);
  const columns = (shift: number): Float64Array[] =>
    Array.from({ length: FEATURES }, () =>
      Float64Array.from({ length: ROWS }, () => random.normal() + shift),
    );
  const [reference, current] = [columns(0), columns(0.1)];
  const measure = (): number => {
    const start = performance.now();
    reference.forEach((before, feature) => {
      const after = current[feature]!;
      const frozen = freezeHistogram(before);
      const counted = countInto(frozen.edges, after);
      if (
        ksTwoSample(before, after) === undefined ||
        populationStabilityIndex(frozen, counted) === undefined ||
        jensenShannonDistance(frozen, counted) === undefined
      ) {
        throw new Error('The benchmark measured nothing');
      }
    });
    return (performance.now() - start) / 1000;
  };
  measure();
  const seconds = median(Array.from({ length: ROUNDS }, measure));
  const scipy = measureScipy();
  return [
    {
      name: `KS + PSI + JS, ${FEATURES} features x ${ROWS} rows`,
      value: seconds,
      unit: 's',
      better: 'lower',
      ...(scipy && {
        reference: { name: `SciPy ${scipy.scipy}`, value: scipy.seconds },
        ratio: seconds / scipy.seconds,
      }),
    },
  ];
}

/** Undefined when no Python with SciPy is on the path. */
function measureScipy(): { seconds: number; scipy: string } | undefined {
  for (const python of ['python3', 'python']) {
    const run = spawnSync(python, ['-c', scipyScript], { encoding: 'utf8' });
    if (run.status === 0) return JSON.parse(run.stdout) as { seconds: number; scipy: string };
  }
  return undefined;
}
