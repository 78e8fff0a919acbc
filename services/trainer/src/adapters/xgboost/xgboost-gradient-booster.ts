import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { shareArray } from '../share-array.js';
import { workerFile } from '../worker-file.js';
import { type ErrorKind } from '@headrace/kernel';
import {
  GradientBooster,
  type BoostedModel,
  type BoostingLibrary,
  type BoostingRequest,
  type LabelledRows,
  type RoundProgress,
  type Rows,
} from '../../application/gradient-booster.js';
import { findXgboostLibrary, type FoundLibrary, type LibrarySearch } from './find-xgboost-library.js';
import { trainDistributed } from './train-distributed.js';
import { XgboostTooOldError } from './xgboost-library.js';
import { XgboostWorkError } from './xgboost-work-error.js';
import { type XgboostAnswer, type XgboostWork } from './xgboost-work.js';

type Result = Extract<XgboostAnswer, { kind: 'trained' | 'predicted' }>;
type Task =
  | { readonly kind: 'train'; readonly request: BoostingRequest }
  | {
      readonly kind: 'predict';
      readonly model: Uint8Array;
      readonly rows: Rows;
      readonly prediction: 'value' | 'margin';
    };

export interface BoostingResources {
  /** Of all workers together. Default: all processors. */
  readonly threads?: number;
  /** Processes that share one training; more than one needs XGBoost 2.1. Default 1: a thread of this process. */
  readonly workers?: number;
}

/**
 * XGBoost's C library, each piece of work in a thread of its own: what the library leaks or corrupts, and its pool of
 * OpenMP threads, ends with the work. The thread runs compiled JavaScript, also when this file runs from its source.
 */
export class XgboostGradientBooster extends GradientBooster {
  readonly library: BoostingLibrary;

  constructor(
    readonly found: FoundLibrary,
    { threads = availableParallelism(), workers = 1 }: BoostingResources = {},
  ) {
    super();
    const [major = 0, minor = 0] = found.version.split('.').map(Number);
    if (workers > 1 && (major < 2 || (major === 2 && minor < 1))) {
      throw new XgboostTooOldError('Training in many processes was asked of XGBoost', found.version, '2.1');
    }
    const { version, source, path, openMp } = found;
    this.library = { version, source, path, ...(openMp !== undefined && { openMp }), threads, workers };
  }

  static async open(search: LibrarySearch, resources?: BoostingResources): Promise<XgboostGradientBooster> {
    return new XgboostGradientBooster(await findXgboostLibrary(search), resources);
  }

  async train(
    request: BoostingRequest,
    control: { readonly signal?: AbortSignal; readonly onRound?: (progress: RoundProgress) => void } = {},
  ): Promise<BoostedModel> {
    const { path, threads, workers } = this.library;
    if (workers > 1) {
      return trainDistributed(
        { libraryPath: path, workers, threadsPerWorker: Math.max(1, Math.floor(threads / workers)) },
        request,
        control,
      );
    }
    const result = await this.run(
      {
        kind: 'train',
        request: {
          ...request,
          train: shareLabelled(request.train),
          ...(request.validation && { validation: shareLabelled(request.validation) }),
        },
      },
      control.signal,
      ({ round, scores }) => control.onRound?.({ round, rounds: request.rounds, scores }),
    );
    if (result.kind !== 'trained') throw unexpected(result.kind);
    return result.model;
  }

  async predict(model: Uint8Array, rows: Rows, kind: 'value' | 'margin' = 'value'): Promise<Float32Array> {
    const result = await this.run({ kind: 'predict', model, rows: share(rows), prediction: kind });
    if (result.kind !== 'predicted') throw unexpected(result.kind);
    return result.values;
  }

  private run(
    task: Task,
    signal?: AbortSignal,
    onRound?: (round: Extract<XgboostAnswer, { kind: 'round' }>) => void,
  ): Promise<Result> {
    const cancelled = new Int32Array(new SharedArrayBuffer(4));
    const work: XgboostWork = {
      ...task,
      libraryPath: this.library.path,
      threads: this.library.threads,
      cancelled,
    };
    const abort = (): void => {
      Atomics.store(cancelled, 0, 1);
    };
    if (signal?.aborted === true) abort();
    signal?.addEventListener('abort', abort, { once: true });
    // Without this process's arguments: those of a test runner would make the thread load TypeScript.
    const worker = new Worker(workerFile(import.meta.url, 'xgboost-worker.js'), {
      workerData: work,
      execArgv: [],
    });
    return new Promise<Result>((resolve, reject) => {
      worker.on('message', (message: XgboostAnswer) => {
        if (message.kind === 'round') onRound?.(message);
        else if (message.kind === 'failed') {
          reject(
            new XgboostWorkError(
              message.code,
              message.errorKind as ErrorKind,
              message.message,
              message.trace,
            ),
          );
        } else resolve(message);
      });
      worker.on('error', reject);
      worker.on('exit', (code) =>
        reject(
          new XgboostWorkError(
            'TRAINER_XGBOOST_WORKER_FAILED',
            'internal',
            `The thread that ran XGBoost ended with code ${code} and no answer`,
            undefined,
          ),
        ),
      );
    }).finally(() => signal?.removeEventListener('abort', abort));
  }
}

function unexpected(kind: string): XgboostWorkError {
  return new XgboostWorkError(
    'TRAINER_XGBOOST_WORKER_FAILED',
    'internal',
    `The thread that ran XGBoost answered "${kind}" to another question`,
    undefined,
  );
}

function share(rows: Rows): Rows {
  return { ...rows, values: shareArray(rows.values) };
}

function shareLabelled(rows: LabelledRows): LabelledRows {
  return {
    ...rows,
    values: shareArray(rows.values),
    label: shareArray(rows.label),
    ...(rows.weight && { weight: shareArray(rows.weight) }),
  };
}
