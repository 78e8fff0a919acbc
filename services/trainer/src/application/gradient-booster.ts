import { type XgboostParameters } from './xgboost-parameters.js';

/** Rows of numbers, row after row in one array. NaN is "not known". */
export interface Rows {
  readonly values: Float32Array;
  readonly rows: number;
  readonly columns: number;
}

export interface LabelledRows extends Rows {
  readonly label: Float32Array;
  readonly weight?: Float32Array;
}

export interface BoostingRequest {
  readonly parameters: XgboostParameters;
  readonly rounds: number;
  readonly earlyStoppingRounds?: number;
  readonly featureNames: readonly string[];
  readonly train: LabelledRows;
  /** Watched by early stopping. */
  readonly validation?: LabelledRows;
  /** Rounds are added to this model. */
  readonly continueFrom?: Uint8Array;
}

export interface RoundProgress {
  readonly round: number;
  readonly rounds: number;
  /** By `set-metric`. */
  readonly scores: Readonly<Record<string, number>>;
}

export interface BoostedModel {
  /** XGBoost's JSON model, cut after the best round. */
  readonly json: Uint8Array;
  readonly rounds: number;
  readonly bestScore: number | undefined;
  readonly stopped: 'rounds' | 'early';
  readonly history: Readonly<Record<string, readonly number[]>>;
  /** Total gain by feature; features that no split uses are absent. */
  readonly importance: Readonly<Record<string, number>>;
}

/** The library that trained, as it is written into the run. */
export interface BoostingLibrary {
  readonly version: string;
  readonly source: string;
  readonly path: string;
  /** The file of the OpenMP runtime that runs its threads. */
  readonly openMp?: string;
  /** Of all workers together. */
  readonly threads: number;
  /** Processes that share one training; 1 is a thread of this process. */
  readonly workers: number;
}

/**
 * Gradient-boosted trees, trained and evaluated off the event loop. `train` rejects with TRAINER_TRAINING_CANCELLED
 * within one round after the signal aborts. The same request gives the same model on the same library and threads.
 */
export abstract class GradientBooster {
  abstract readonly library: BoostingLibrary;

  abstract train(
    request: BoostingRequest,
    control?: { readonly signal?: AbortSignal; readonly onRound?: (progress: RoundProgress) => void },
  ): Promise<BoostedModel>;

  /** One value a row: after the objective's transformation, or before it (`margin`). */
  abstract predict(model: Uint8Array, rows: Rows, kind?: 'value' | 'margin'): Promise<Float32Array>;
}

/** As it stands in the run, in the log and in the model's card. */
export function describeLibrary({ version, source, openMp, threads, workers }: BoostingLibrary): string {
  const runtime = openMp === undefined ? '' : `, OpenMP by ${openMp.replace(/^.*[\\/]/, '')}`;
  const processes = workers === 1 ? '' : `${workers} workers, `;
  return `xgboost ${version} (${source})${runtime}, ${processes}${threads} ${threads === 1 ? 'thread' : 'threads'}`;
}
