import { densityOnGrid } from '../samplers/grid-density.js';
import {
  admits,
  isSingle,
  resolveSpace,
  stepOf,
  type Parameter,
  type ParameterValue,
} from '../space/search-space.js';
import { bestOfSeveral } from '../samplers/split-trials.js';
import { completeTrials, InvalidStudyError, type Study } from '../study/study.js';
import { lossOf, type CompleteTrial } from '../study/trial.js';

export interface ImportanceOptions {
  /** The share of best trials whose parameters are compared with the others'. Default 0.1. */
  readonly targetQuantile?: number;
  /** The share of best trials that they are compared within; 1 is all. Default 1. */
  readonly regionQuantile?: number;
}

/** Bins of a number without steps, or with more of them. */
const maxBins = 50;
/** So few trials say nothing about how a parameter was spread. */
const minTrials = 2;

/**
 * How much each parameter decides about being among the best trials, by PED-ANOVA: the Pearson divergence between how
 * the parameter is spread among the target trials and among those of the region,
 *
 *   importance = (targets / region)^2 * sum over g of p(g) (q(g) / p(g) - 1)^2
 *
 * with p and q the densities of region and target on a grid of at most 50 bins. A conditional parameter is judged in
 * the trials that have it, weighted by the square of their share of the targets over their share of the region. Of
 * several objectives the targets are the front of the history (ranks, then hypervolume).
 *
 * Answers shares of 1, largest first; raw importances of 0 everywhere (one trial, or all trials equal) are equal
 * shares. Trials with infinite values, and values outside a changed space, do not count. Undefined without a complete
 * trial.
 *
 * @see Watanabe, Bansal & Hutter (2023), PED-ANOVA; the conditional form as in Optuna 5
 */
export function parameterImportances(
  study: Study,
  options: ImportanceOptions = {},
): ReadonlyMap<string, number> | undefined {
  const raw = rawImportances(study, options);
  if (raw === undefined) return undefined;
  const sum = [...raw.values()].reduce((total, value) => total + value, 0);
  return new Map([...raw].map(([name, value]) => [name, sum === 0 ? 1 / raw.size : value / sum]));
}

/** As `parameterImportances`, before the sum is made 1: comparable between studies of the same quantiles. */
export function rawImportances(
  study: Study,
  options: ImportanceOptions,
): ReadonlyMap<string, number> | undefined {
  const { targetQuantile = 0.1, regionQuantile = 1 } = options;
  if (!(targetQuantile > 0 && targetQuantile < regionQuantile && regionQuantile <= 1)) {
    throw new InvalidStudyError(
      `Quantiles ${targetQuantile} of ${regionQuantile} are not 0 < target < region <= 1; the defaults are 0.1 of 1`,
    );
  }
  const trials = completeTrials(study).filter(({ values }) => values.every(Number.isFinite));
  const space = resolveSpace(study.space);
  if (trials.length === 0) return undefined;
  const region = bestShare(study, trials, regionQuantile);
  const target = new Set(bestShare(study, trials, targetQuantile));
  const raw = new Map<string, number>();
  for (const [name, parameter] of space) {
    const value = trials.length === 1 ? 0 : importanceOf(name, parameter, region, target);
    raw.set(name, value * (target.size / region.length) ** 2);
  }
  return new Map([...raw].sort((a, b) => b[1] - a[1]));
}

function importanceOf(
  name: string,
  parameter: Parameter,
  region: readonly CompleteTrial[],
  target: ReadonlySet<CompleteTrial>,
): number {
  if (isSingle(parameter)) return 0;
  const having = region.filter(({ parameters }) => {
    const value = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    return value !== undefined && admits(parameter, value);
  });
  const best = having.filter((trial) => target.has(trial));
  if (having.length < minTrials || best.length === 0) return 0;
  const spreadOf = (trials: readonly CompleteTrial[]): Float64Array =>
    densityOnGrid(
      parameter.kind !== 'categorical',
      countOnGrid(
        parameter,
        trials.map(({ parameters }) => parameters[name]),
      ),
    );
  const p = spreadOf(having);
  const q = spreadOf(best);
  let divergence = 0;
  p.forEach((density, bin) => {
    const inRegion = density + 1e-12;
    const inTarget = (q[bin] ?? 0) + 1e-12;
    divergence += inRegion * (inTarget / inRegion - 1) ** 2;
  });
  return ((best.length / target.size) ** 2 / (having.length / region.length)) * divergence;
}

/** All trials as good as the last of the share. */
function bestShare(study: Study, trials: readonly CompleteTrial[], share: number): readonly CompleteTrial[] {
  if (share === 1) return trials;
  const count = Math.ceil(share * trials.length);
  if (study.directions.length > 1) return bestOfSeveral(trials, study.directions, count);
  const losses = Float64Array.from(trials, ({ values }) => lossOf(values[0] ?? NaN, study.directions[0]));
  const worst = losses.slice().sort()[count - 1] ?? NaN;
  return trials.filter((_, index) => (losses[index] ?? NaN) <= worst);
}

function countOnGrid(parameter: Parameter, values: readonly (ParameterValue | undefined)[]): Float64Array {
  if (parameter.kind === 'categorical') {
    const counts = new Float64Array(parameter.choices.length);
    for (const value of values) {
      if (value !== undefined) {
        counts[parameter.choices.indexOf(value)] = (counts[parameter.choices.indexOf(value)] as number) + 1;
      }
    }
    return counts;
  }
  const log = parameter.log === true;
  const scale = log ? Math.log : (value: number): number => value;
  const [low, high] = [scale(parameter.low), scale(parameter.high)];
  const counts = new Float64Array(binsOf(parameter));
  const width = (high - low) / (counts.length - 1);
  for (const value of values) {
    const bin = Math.ceil((scale(Number(value)) - low) / width - 0.5);
    counts[Math.min(counts.length - 1, Math.max(0, bin))] =
      (counts[Math.min(counts.length - 1, Math.max(0, bin))] as number) + 1;
  }
  return counts;
}

function binsOf(parameter: Exclude<Parameter, { kind: 'categorical' }>): number {
  const step = stepOf(parameter);
  if (step === undefined) return maxBins;
  const steps = Math.round((parameter.high - parameter.low) / step) + 1;
  // Whole numbers in the logarithm: a bin for each doubling.
  return Math.min(maxBins, parameter.log === true ? Math.ceil(Math.log2(steps)) + 1 : steps);
}
