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
/** A seed takes half a second with its peer, of XGBoost a second and a half; the peer uses all cores. */
const seeds = { analytic: 60, xgboost: 40 } as const;

/**
 * TPE against Optuna's: the best of 25, 50 and 100 trials (median over seeds of the distance to the minimum, or of the
 * error where the minimum is not known) on the same functions, and the time of one ask after 100 and 1,000 trials. Under
 * noise the best is the trial that seems best, and its distance the true one.
 */
export async function benchSearch(): Promise<BenchResult[]> {
  const rows = readSeriesRows(repositoryRoot());
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
      const curves = Array.from({ length: count }, (_, seed) => bestSoFar(objective, seed));
      for (const budget of budgets) {
        const ours = curves.map((curve) => curve[budget - 1]! - (objective.minimum ?? 0));
        const theirs = curves.map((_, seed) => peer?.values[`${objective.name}-${budget}-${seed}`]);
        const what =
          objective === boosted ? `xgboost ${found.version} on NAB, error` : `${objective.name}, distance`;
        results.push(...compareSeeds(`TPE ${what}, ${budget} trials, ${count} seeds`, ours, theirs, optuna));
      }
    }
    for (const length of [100, 1000]) {
      const value = millisecondsAnAsk(length);
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
 * The medians, and how often one of our seeds ends better than one of theirs. Medians of 20 seeds move by half from one
 * set of seeds to the next; the share, 0.5 among equals, says with its p-value whether a difference is one.
 */
function compareSeeds(
  name: string,
  ours: readonly number[],
  theirs: readonly (number | undefined)[],
  optuna: string,
): BenchResult[] {
  const figure = { name, value: middleOf(ours), unit: '', better: 'lower' } as const;
  const known = theirs.filter((value) => value !== undefined);
  if (known.length < ours.length) return [figure];
  const reference = { name: optuna, value: middleOf(known) };
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

function bestSoFar(objective: Objective, seed: number): number[] {
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

/** Of an even number the mean of the two in the middle, as NumPy has it. */
function middleOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)]! + sorted[Math.floor(sorted.length / 2)]!) / 2;
}

/** The same space and kind of history as in `search.py`. */
const timedSpace: SearchSpace = {
  a: { kind: 'float', low: 0, high: 1 },
  b: { kind: 'float', low: -5, high: 5 },
  c: { kind: 'float', low: 1e-5, high: 1, log: true },
  d: { kind: 'int', low: 1, high: 12 },
  e: { kind: 'int', low: 1, high: 1000 },
  f: { kind: 'categorical', choices: ['x', 'y', 'z'] },
};

function millisecondsAnAsk(length: number): number {
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

/** Sources and compiled files lie at different depths. */
function repositoryRoot(): string {
  return join(import.meta.dirname.replace(join('tools', 'dist'), 'tools'), '../..');
}
