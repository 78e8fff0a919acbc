import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SeededRandom } from '@headrace/kernel';
import { mannWhitney } from '@headrace/statistics';
import { ask, startStudy, tell, type SearchSpace, type Study, type Trial } from '@headrace/trainer/search';
import { findXgboostLibrary } from '@headrace/trainer/xgboost';
import { median, type BenchResult } from './bench-result.js';
import { runPeer } from './peers/run-peer.js';
import { analyticObjectives, readSeriesRows, xgboostObjective, type Objective } from './search-objectives.js';

const budgets = [25, 50, 100] as const;
/** A seed takes half a second including the peer, with XGBoost a second and a half; the peer uses all cores. */
const seeds = { analytic: 60, xgboost: 40 } as const;

/**
 * TPE against Optuna's: the best of 25, 50 and 100 trials (median over seeds of the distance to the minimum, or of the
 * error where the minimum is not known) on the same functions, and the time of one ask after 100 and 1,000 trials. With
 * noise the best trial is chosen by the noisy value and judged by the true one.
 */
export async function benchSearch(): Promise<BenchResult[]> {
  const rows = readSeriesRows(findRepositoryRoot());
  const found = await findXgboostLibrary({ configuredPath: process.env['XGBOOST_LIBRARY'] ?? '' });
  const boosted = xgboostObjective(found, rows);
  const directory = mkdtempSync(join(tmpdir(), 'headrace-bench-'));
  try {
    for (const [name, data] of [['train', rows.train] as const, ['validation', rows.validation] as const]) {
      writeFileSync(join(directory, `${name}.values`), data.values);
      writeFileSync(join(directory, `${name}.label`), data.label);
    }
    const objectives = [
      ...analyticObjectives.map((objective) => [objective, seeds.analytic] as const),
      [boosted, seeds.xgboost] as const,
    ];
    const counts = Object.fromEntries(objectives.map(([{ name }, count]) => [name, count]));
    const peer = runPeer('search.py', JSON.stringify(counts), directory);
    const optuna = `Optuna ${peer?.versions['optuna'] ?? '?'}`;
    const results: BenchResult[] = [];
    for (const [objective, count] of objectives) {
      const curves = Array.from({ length: count }, (_, seed) => runStudy(objective, seed));
      for (const budget of budgets) {
        const ours = curves.map((curve) => curve[budget - 1]! - (objective.minimum ?? 0));
        const theirs = curves.map((_, seed) => peer?.values[`${objective.name}-${budget}-${seed}`]);
        const what =
          objective === boosted ? `xgboost ${found.version} on NAB, error` : `${objective.name}, distance`;
        results.push(...compareSeeds(`TPE ${what}, ${budget} trials, ${count} seeds`, ours, theirs, optuna));
      }
    }
    for (const length of [100, 1000]) {
      const value = measureAskMs(length);
      const figure = {
        name: `TPE ask after ${length} trials, 6 parameters`,
        value,
        unit: 'ms',
        better: 'lower',
      } as const;
      const reference = peer?.values[`ask-${length}`];
      results.push(
        reference === undefined ? figure : { ...figure, reference: { name: optuna, value: reference } },
      );
    }
    return results;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/**
 * The medians, and the share of pairs in which our seed ends better than theirs. Medians of 20 seeds vary by half from one set
 * of seeds to the next. The share (0.5 for equals) and its p-value show whether a difference is real.
 */
function compareSeeds(
  name: string,
  ours: readonly number[],
  theirs: readonly (number | undefined)[],
  optuna: string,
): BenchResult[] {
  const figure = { name, value: computeMedian(ours), unit: '', better: 'lower' } as const;
  const known = theirs.filter((value) => value !== undefined);
  if (known.length < ours.length) return [figure];
  const reference = { name: optuna, value: computeMedian(known) };
  const test = mannWhitney(ours, known);
  if (test === undefined) throw new Error(`${name} has nothing to compare`);
  return [
    { ...figure, reference },
    {
      name: `  share of pairs of seeds won (p ${test.pValue < 0.005 ? '< 0.01' : `= ${test.pValue.toFixed(2)}`})`,
      value: 1 - test.effect,
      unit: '',
      better: 'higher',
      reference: { name: 'of equals', value: 0.5 },
    },
  ];
}

function runStudy(objective: Objective, seed: number): number[] {
  let study = startStudy({ name: objective.name, space: objective.space, seed });
  const random = new SeededRandom(seed);
  let best = { told: Infinity, loss: Infinity };
  return Array.from({ length: Math.max(...budgets) }, () => {
    const asked = ask(study);
    if (asked.outcome !== 'suggested') throw new Error('TPE is never exhausted');
    const loss = objective.loss(asked.trial.parameters);
    const told = loss + (objective.noise ?? 0) * random.normal();
    const answer = tell(asked.study, asked.trial.number, { state: 'complete', values: [told] });
    if (answer.outcome !== 'accepted') throw new Error(answer.detail);
    study = answer.study;
    if (told < best.told) best = { told, loss };
    return best.loss;
  });
}

/** For an even number of values the mean of the two in the middle, as in NumPy. */
function computeMedian(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)]! + sorted[Math.floor(sorted.length / 2)]!) / 2;
}

/** The same space and history as in `search.py`. */
const timedSpace: SearchSpace = {
  a: { kind: 'float', low: 0, high: 1 },
  b: { kind: 'float', low: -5, high: 5 },
  c: { kind: 'float', low: 1e-5, high: 1, log: true },
  d: { kind: 'int', low: 1, high: 12 },
  e: { kind: 'int', low: 1, high: 1000 },
  f: { kind: 'categorical', choices: ['x', 'y', 'z'] },
};

function measureAskMs(length: number): number {
  const random = new SeededRandom(length);
  let drawn: Study = startStudy({ name: 'time', space: timedSpace, seed: 1, sampler: { kind: 'random' } });
  for (let number = 0; number < length; number += 1) {
    const asked = ask(drawn);
    if (asked.outcome === 'suggested') drawn = asked.study;
  }
  const trials = drawn.trials.map((trial): Trial => ({
    ...trial,
    state: 'complete',
    values: [random.normal()],
  }));
  const times = Array.from({ length: 120 }, (_, seed) => {
    const study: Study = { ...drawn, sampler: { kind: 'tpe' }, seed, trials };
    const begin = performance.now();
    ask(study);
    return performance.now() - begin;
  });
  return median(times.slice(20));
}

/** Source and compiled files are at different depths. */
function findRepositoryRoot(): string {
  return join(import.meta.dirname.replace(join('tools', 'dist'), 'tools'), '../..');
}
