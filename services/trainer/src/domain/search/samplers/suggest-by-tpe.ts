import { type Random } from '@headrace/kernel';
import { groupParameters } from './group-parameters.js';
import { bandwidthOfGood, bandwidthOfOthers } from './kernel-bandwidth.js';
import { logDensity } from './log-density.js';
import { fitParzen, type Column } from './parzen-estimator.js';
import { sampleParzen } from './sample-parzen.js';
import { recencyWeights } from './recency-weights.js';
import { type TpeOptions } from '../study/sampler-options.js';
import {
  admits,
  isActive,
  isSingle,
  resolveSpace,
  type Parameter,
  type ParameterValue,
  type ParameterValues,
} from '../space/search-space.js';
import { goodTrials, splitTrials } from './split-trials.js';
import { type Study } from '../study/study.js';
import { suggestAtRandom } from './suggest-at-random.js';
import { suggestQuasiRandom } from './suggest-quasi-random.js';
import { trialRandom } from './trial-random.js';
import { type Trial } from '../study/trial.js';
import { valueAt } from '../space/value-at.js';

/**
 * Suggests by the tree-structured Parzen estimator: of `candidates` points drawn from the density of good trials, the
 * one at which that density exceeds the density of the others most, which orders points as expected improvement does.
 *
 * Good are the best ceil(n / 10) of the n ended trials (of one objective at most 25); both densities weigh trials by
 * recency, but those of several objectives their good ones equally. Running trials count with the others, so that
 * parallel workers keep away from each other. Failed trials do not count. The first trials, until `startupTrials` have
 * ended, are quasi-random. Groups of parameters (`groupParameters`) are chosen one after the other; values that lie
 * outside a changed space, and trials without them, do not count for their group. With several objectives every
 * parameter is a group of its own unless `multivariate` says otherwise.
 *
 * The rules and defaults are those of Optuna 5 but for the start, which is random there, and for the width of the
 * kernels (`bandwidthOfGood`, `bandwidthOfOthers`), which keeps its search coarse in budgets of a hundred trials.
 *
 * @see Bergstra et al. (2011), Algorithms for hyper-parameter optimization; Ozaki et al. (2022), Multiobjective
 *   tree-structured Parzen estimator
 */
export function suggestByTpe(
  { space, directions, seed, trials }: Study,
  options: TpeOptions,
  number: number,
): ParameterValues {
  const ended = trials.filter((trial) => trial.state === 'complete' || trial.state === 'pruned');
  if (ended.length < (options.startupTrials ?? 10)) {
    return options.startup === 'random'
      ? suggestAtRandom(space, seed, number)
      : suggestQuasiRandom(space, seed, number, true);
  }
  const considered = (options.constantLiar ?? true) ? trials : ended;
  const { below, above } = splitTrials(considered, directions, goodTrials(ended.length, directions.length));
  const resolved = resolveSpace(space);
  const multivariate = options.multivariate ?? directions.length === 1;
  const groups = multivariate ? groupParameters(resolved, ended) : [...resolved.keys()].map((name) => [name]);
  const random = trialRandom(seed, number);
  const values: Record<string, ParameterValue> = {};
  for (const group of groups) {
    const active = new Map<string, Parameter>();
    for (const name of group) {
      const parameter = resolved.get(name);
      if (parameter === undefined || !isActive(parameter, values)) continue;
      if (isSingle(parameter)) values[name] = valueAt(parameter, 0);
      else active.set(name, parameter);
    }
    if (active.size === 0) continue;
    const good = observe(active, below);
    const bad = observe(active, above);
    const weightsOfGood = recencyWeights(good.rows);
    if (directions.length > 1) weightsOfGood.fill(1);
    Object.assign(
      values,
      choose(good.columns, weightsOfGood, bad, [...active.keys()], options.candidates ?? 24, random),
    );
  }
  return values;
}

interface Observations {
  readonly rows: number;
  readonly columns: readonly Column[];
}

/** What these trials say about the parameters: trials that have all of them, with values the domain still admits. */
function observe(parameters: ReadonlyMap<string, Parameter>, trials: readonly Trial[]): Observations {
  const names = [...parameters];
  const usable = trials.filter((trial) =>
    names.every(([name, parameter]) => {
      const value = Object.hasOwn(trial.parameters, name) ? trial.parameters[name] : undefined;
      return value !== undefined && admits(parameter, value);
    }),
  );
  const columns = names.map(([name, parameter]) => {
    const positions = new Float64Array(usable.length);
    usable.forEach((trial, row) => (positions[row] = positionOf(parameter, trial.parameters[name])));
    return { parameter, positions };
  });
  return { rows: usable.length, columns };
}

function positionOf(parameter: Parameter, value: ParameterValue | undefined): number {
  if (parameter.kind === 'categorical') return value === undefined ? -1 : parameter.choices.indexOf(value);
  return typeof value === 'number' ? value : NaN;
}

function choose(
  good: readonly Column[],
  weightsOfGood: Float64Array,
  bad: Observations,
  names: readonly string[],
  candidates: number,
  random: Random,
): Record<string, ParameterValue> {
  const numbers = good.filter(({ parameter }) => parameter.kind !== 'categorical').length;
  const estimatorOfGood = fitParzen(good, weightsOfGood, bandwidthOfGood(weightsOfGood.length, numbers));
  const estimatorOfBad = fitParzen(
    bad.columns,
    recencyWeights(bad.rows),
    bandwidthOfOthers(bad.rows, numbers),
  );
  const points = sampleParzen(estimatorOfGood, candidates, random);
  const ofGood = logDensity(estimatorOfGood, points);
  const ofBad = logDensity(estimatorOfBad, points);
  let best = 0;
  let largest = -Infinity;
  for (let point = 0; point < candidates; point += 1) {
    const ratio = (ofGood[point] ?? NaN) - (ofBad[point] ?? NaN);
    if (ratio > largest) [best, largest] = [point, ratio];
  }
  const chosen: Record<string, ParameterValue> = {};
  names.forEach((name, index) => {
    const position = points[index]?.[best] ?? NaN;
    const parameter = good[index]?.parameter;
    const value = parameter?.kind === 'categorical' ? parameter.choices[position] : position;
    if (value !== undefined) chosen[name] = value;
  });
  return chosen;
}
