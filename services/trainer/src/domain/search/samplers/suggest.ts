import { assertNever } from '@headrace/kernel';
import { hyperbandBracketOf } from '../pruners/hyperband-bracket.js';
import { type ParameterValues } from '../space/search-space.js';
import { type Study } from '../study/study.js';
import { suggestAtRandom } from './suggest-at-random.js';
import { suggestByTpe } from './suggest-by-tpe.js';
import { suggestFromGrid } from './suggest-from-grid.js';
import { suggestQuasiRandom } from './suggest-quasi-random.js';
import { type Trial } from '../study/trial.js';

/**
 * The parameters of the next trial: a pure function of space, options, history and seed. Chance is drawn anew from the
 * seed and the trial's number, so it does not matter which process asks, nor in which order results came in.
 *
 * Undefined when a grid has no point left.
 */
export function suggest(study: Study): ParameterValues | undefined {
  const number = study.trials.length;
  const { sampler, space, seed } = study;
  switch (sampler.kind) {
    case 'tpe':
      return suggestByTpe({ ...study, trials: comparableTrials(study, number) }, sampler, number);
    case 'random':
      return suggestAtRandom(space, seed, number);
    case 'quasi-random':
      return suggestQuasiRandom(space, seed, number, sampler.scramble ?? true);
    case 'grid':
      return suggestFromGrid(space, sampler.values ?? {}, seed, number);
    default:
      return assertNever(sampler);
  }
}

/** Hyperband's brackets stop their trials at different steps: a bracket learns from its own only. */
function comparableTrials({ pruner, name, trials }: Study, number: number): readonly Trial[] {
  if (pruner.kind !== 'hyperband') return trials;
  const bracket = hyperbandBracketOf(pruner, name, number);
  return trials.filter((trial) => hyperbandBracketOf(pruner, name, trial.number) === bracket);
}
