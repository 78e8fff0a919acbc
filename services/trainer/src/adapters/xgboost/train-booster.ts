import { AppError } from '@headrace/kernel';
import { isMaximised, type XgboostParameters } from '../../application/xgboost-parameters.js';
import { TrainingCancelledError } from '../../domain/training.js';
import { Booster, type RoundScore } from './booster.js';
import { DMatrix, type FeatureMatrix, type RowFacts } from './d-matrix.js';
import { requireSupported } from './encode-parameters.js';
import { type XgboostLibrary } from './xgboost-library.js';

export class TrainingDataError extends AppError {
  readonly code = 'TRAINER_TRAINING_DATA_UNFIT';
  readonly kind = 'invalid';
}

export type LabelledMatrix = FeatureMatrix & RowFacts & { readonly label: Float32Array };

export interface EvaluationSet {
  /** Without hyphens: XGBoost answers `name-metric`. */
  readonly name: string;
  readonly data: LabelledMatrix;
}

export interface EarlyStopping {
  /** Stops when the metric did not get better for so many rounds. */
  readonly rounds: number;
  /** Default: the last set. */
  readonly set?: string;
  /** Default: the last metric. */
  readonly metric?: string;
  /** The least improvement that counts. Default 0. */
  readonly minDelta?: number;
}

export interface TrainOptions {
  readonly parameters: XgboostParameters;
  readonly rounds: number;
  readonly threads: number;
  readonly data: LabelledMatrix;
  readonly evaluation?: readonly EvaluationSet[];
  readonly earlyStopping?: EarlyStopping;
  /** The value that stands for "not known" in all matrices. Default NaN. */
  readonly missing?: number;
  /** The rows are one part of the set, and what they lack another process has. Default false. */
  readonly isShard?: boolean;
  /** A model to continue from: JSON or UBJ. Rounds are added to it. */
  readonly continueFrom?: Uint8Array;
  /** Called after every round with its scores. Answering `stop` ends the training with the model as it is. */
  readonly onRound?: (round: number, scores: readonly RoundScore[]) => 'stop' | undefined;
  /** Asked before every round. */
  readonly isCancelled?: () => boolean;
}

export interface TrainedBooster {
  /** All rounds, also those after the best one; the caller frees it. */
  readonly booster: Booster;
  /** Scores of every round by `set-metric`. */
  readonly history: Readonly<Record<string, readonly number[]>>;
  /** With early stopping: the round with the best score, counted from 0 over the whole model. */
  readonly best: { readonly round: number; readonly score: number } | undefined;
  readonly stopped: 'rounds' | 'early' | 'callback';
}

/**
 * Trains round by round, so that there is a place for progress and for a stop between two rounds. Like Python's
 * `xgb.train`: the same calls in the same order, so the same library gives the same model.
 */
export function trainBooster(library: XgboostLibrary, options: TrainOptions): TrainedBooster {
  requireLearnable(options);
  requireSupported(options.parameters, library.version);
  const opened: DMatrix[] = [];
  const open = (data: LabelledMatrix): DMatrix => {
    const matrix = DMatrix.from(library, data, {
      label: data.label,
      ...(data.weight && { weight: data.weight }),
      ...(data.group && { group: data.group }),
      ...(data.baseMargin && { baseMargin: data.baseMargin }),
      ...(options.missing !== undefined && { missing: options.missing }),
      threads: options.threads,
    });
    opened.push(matrix);
    return matrix;
  };
  let booster: Booster | undefined;
  try {
    const training = open(options.data);
    const sets = (options.evaluation ?? []).map(({ name, data }) => ({
      name,
      matrix: data === options.data ? training : open(data),
    }));
    booster = Booster.create(library, {}, [training, ...sets.map((set) => set.matrix)]);
    if (options.continueFrom !== undefined) booster.restore(options.continueFrom);
    booster.setParameters({ ...options.parameters, nthread: options.threads });
    if (options.data.featureNames !== undefined) booster.setFeatureNames(options.data.featureNames);
    return { booster, ...boost(booster, training, sets, options) };
  } catch (error) {
    booster?.free();
    throw error;
  } finally {
    for (const matrix of opened) matrix.free();
  }
}

function boost(
  booster: Booster,
  training: DMatrix,
  sets: readonly { readonly name: string; readonly matrix: DMatrix }[],
  options: TrainOptions,
): Omit<TrainedBooster, 'booster'> {
  const first = options.continueFrom === undefined ? 0 : booster.rounds;
  const history: Record<string, number[]> = {};
  const watch = options.earlyStopping && new Watch(options.earlyStopping);
  let stopped: TrainedBooster['stopped'] = 'rounds';
  for (let round = first; round < first + options.rounds; round += 1) {
    if (options.isCancelled?.() === true) throw cancelledAfter(round - first);
    booster.update(round, training);
    const scores = sets.length === 0 ? [] : booster.evaluate(round, sets);
    for (const { set, metric, value } of scores) (history[`${set}-${metric}`] ??= []).push(value);
    if (options.onRound?.(round, scores) === 'stop') {
      stopped = 'callback';
      break;
    }
    if (watch?.isOver(round, scores) === true) {
      stopped = 'early';
      break;
    }
  }
  if (watch?.best !== undefined) {
    booster.setAttribute('best_iteration', String(watch.best.round));
    booster.setAttribute('best_score', String(watch.best.score));
  }
  return { history, best: watch?.best, stopped };
}

/** Follows one metric on one set and remembers the best round. NaN is never better. */
class Watch {
  best: { readonly round: number; readonly score: number } | undefined;

  constructor(private readonly rule: EarlyStopping) {}

  isOver(round: number, scores: readonly RoundScore[]): boolean {
    const { rule } = this;
    const ofSet = scores.filter((score) => rule.set === undefined || score.set === rule.set);
    const watched = ofSet.findLast((score) => rule.metric === undefined || score.metric === rule.metric);
    if (watched === undefined) {
      throw new TrainingDataError(
        `Early stopping watches ${rule.metric ?? 'the last metric'} on ${rule.set ?? 'the last set'}, and the rounds are scored by ${scores.map((score) => `${score.set}-${score.metric}`).join(', ') || 'nothing'}`,
      );
    }
    const gain =
      this.best === undefined
        ? Number.POSITIVE_INFINITY
        : isMaximised(watched.metric)
          ? watched.value - this.best.score
          : this.best.score - watched.value;
    if (gain > (rule.minDelta ?? 0) && !Number.isNaN(watched.value)) {
      this.best = { round, score: watched.value };
      return false;
    }
    return this.best !== undefined && round - this.best.round >= rule.rounds;
  }
}

export function cancelledAfter(rounds: number): TrainingCancelledError {
  return new TrainingCancelledError(`The training was cancelled after ${rounds} rounds`);
}

/** What XGBoost itself would take in silence and make a useless model of. */
function requireLearnable({
  data,
  rounds,
  parameters,
  earlyStopping,
  evaluation,
  isShard,
}: TrainOptions): void {
  if (rounds < 1) throw new TrainingDataError(`A training of ${rounds} rounds makes no model`);
  if (data.rows < 1) throw new TrainingDataError('The training set is empty');
  if (earlyStopping !== undefined && (evaluation ?? []).length === 0) {
    throw new TrainingDataError('Early stopping needs an evaluation set to watch');
  }
  for (const { name } of evaluation ?? []) {
    if (!/^[A-Za-z0-9_]+$/.test(name)) {
      throw new TrainingDataError(
        `An evaluation set is named by letters, digits and underscores, not "${name}"`,
      );
    }
  }
  if (isShard !== true) requireTwoClasses(parameters, data);
}

/** Of the whole set: a shard may well have rows of one class only. */
export function requireTwoClasses(
  parameters: XgboostParameters,
  { label, rows }: { readonly label: Float32Array; readonly rows: number },
): void {
  if (!parameters.objective.startsWith('binary:')) return;
  const [first] = label;
  if (first !== undefined && label.every((other) => other === first)) {
    throw new TrainingDataError(
      `All ${rows} rows of the training set have the label ${first}: there is nothing to tell apart; wait for the other class`,
    );
  }
}
