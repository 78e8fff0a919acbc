import { AppError } from '@headrace/kernel';
import { z } from 'zod';
import { type PrunerOptions } from './pruner-options.js';
import { type SamplerOptions } from './sampler-options.js';
import { resolveSpace, type SearchSpace } from '../space/search-space.js';
import { studySchema } from './study-schema.js';
import { type Direction, lossOf, type CompleteTrial, type RunningTrial, type Trial } from './trial.js';

/**
 * A search, all of it: plain data that can be stored, sent and taken up again. What comes next is a function of it and
 * of nothing else; there is no generator whose position would have to be kept.
 */
export interface Study {
  /** Also decides which bracket of Hyperband a trial belongs to. */
  readonly name: string;
  readonly space: SearchSpace;
  /** One an objective. */
  readonly directions: readonly Direction[];
  readonly sampler: SamplerOptions;
  readonly pruner: PrunerOptions;
  readonly seed: number;
  /** By number, without gaps. */
  readonly trials: readonly Trial[];
}

export class InvalidStudyError extends AppError {
  readonly code = 'TRAINER_INVALID_STUDY';
  readonly kind = 'invalid';
}

export interface StudyOptions {
  readonly name: string;
  readonly space: SearchSpace;
  /** Default: one objective, to be minimised. */
  readonly directions?: readonly Direction[];
  /** Default: TPE. */
  readonly sampler?: SamplerOptions;
  /** Default: none. */
  readonly pruner?: PrunerOptions;
  /** A whole number. */
  readonly seed: number;
}

export function startStudy(options: StudyOptions): Study {
  // First, because it says more about a space than its types do.
  resolveSpace(options.space);
  return checkedStudy({
    name: options.name,
    space: options.space,
    directions: options.directions ?? ['minimize'],
    sampler: options.sampler ?? { kind: 'tpe' },
    pruner: options.pruner ?? { kind: 'none' },
    seed: options.seed,
    trials: [],
  });
}

/** The document as a study. Throws what is wrong and where. */
export function checkedStudy(document: unknown): Study {
  const parsed = studySchema.safeParse(document);
  if (!parsed.success) throw new InvalidStudyError(`This is not a study: ${z.prettifyError(parsed.error)}`);
  const study = parsed.data as Study;
  resolveSpace(study.space);
  if (study.directions.length > 1 && study.pruner.kind !== 'none') {
    throw new InvalidStudyError(
      `Pruner "${study.pruner.kind}" compares one objective, the study has ${study.directions.length}; use pruner "none"`,
    );
  }
  return study;
}

/** The same search in another space. Values outside the new space no longer teach about their parameter. */
export function changeSpace(study: Study, space: SearchSpace): Study {
  resolveSpace(space);
  return { ...study, space };
}

/**
 * A message about a trial that has ended, twice the same one, or one about a trial that never was: redelivery and slow
 * workers make them every day, so they are answers and not exceptions, and the study stays as it is.
 */
export interface Rejected {
  readonly outcome: 'rejected';
  readonly reason: 'unknown-trial' | 'already-finished' | 'already-reported' | 'invalid';
  readonly detail: string;
}

export type Told = { readonly outcome: 'accepted'; readonly study: Study; readonly trial: Trial } | Rejected;

export type TrialResult =
  | { readonly state: 'complete'; readonly values: readonly number[] }
  | { readonly state: 'pruned' }
  | { readonly state: 'failed'; readonly reason: string };

/** Ends a running trial. A result that is NaN fails it; one with the wrong number of values is rejected. */
export function tell(study: Study, number: number, result: TrialResult): Told {
  const trial = runningTrial(study, number);
  if ('outcome' in trial) return trial;
  if (result.state === 'complete') {
    if (result.values.length !== study.directions.length) {
      return reject(
        'invalid',
        `Trial ${number} has ${result.values.length} values for ${study.directions.length} objectives`,
      );
    }
    if (result.values.some(Number.isNaN)) {
      return replace(study, {
        ...trial,
        state: 'failed',
        reason: `The result is ${result.values.join(', ')}`,
      });
    }
  }
  return replace(study, { ...trial, ...result });
}

/** Records one value on the way. Steps may come in any order, each once. */
export function report(study: Study, number: number, step: number, value: number): Told {
  const trial = runningTrial(study, number);
  if ('outcome' in trial) return trial;
  if (!Number.isSafeInteger(step) || step < 0) {
    return reject('invalid', `Step ${step} is not a whole number from 0 on`);
  }
  if (trial.reports.some((earlier) => earlier.step === step)) {
    return reject('already-reported', `Trial ${number} has already reported step ${step}`);
  }
  const reports = [...trial.reports, { step, value }].sort((a, b) => a.step - b.step);
  return replace(study, { ...trial, reports });
}

export function completeTrials(study: Study): readonly CompleteTrial[] {
  return study.trials.filter((trial) => trial.state === 'complete');
}

/** The complete trial with the best value, the earlier of two equals; undefined when none is complete. */
export function bestTrial(study: Study): CompleteTrial | undefined {
  if (study.directions.length !== 1) {
    throw new InvalidStudyError(
      `The best of ${study.directions.length} objectives is not one trial; ask for the Pareto front`,
    );
  }
  const loss = (trial: CompleteTrial): number => lossOf(trial.values[0] ?? NaN, study.directions[0]);
  return completeTrials(study).reduce<CompleteTrial | undefined>(
    (best, trial) => (best === undefined || loss(trial) < loss(best) ? trial : best),
    undefined,
  );
}

function runningTrial(study: Study, number: number): RunningTrial | Rejected {
  const trial = study.trials[number];
  if (trial === undefined) return reject('unknown-trial', `Study "${study.name}" has no trial ${number}`);
  if (trial.state !== 'running') {
    return reject('already-finished', `Trial ${number} has already ended as ${trial.state}`);
  }
  return trial;
}

function reject(reason: Rejected['reason'], detail: string): Rejected {
  return { outcome: 'rejected', reason, detail };
}

function replace(study: Study, trial: Trial): Told {
  return { outcome: 'accepted', study: { ...study, trials: study.trials.with(trial.number, trial) }, trial };
}
