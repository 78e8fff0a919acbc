import { Worker } from 'node:worker_threads';
import { shareArray } from '../share-array.js';
import { workerFile } from '../worker-file.js';
import { AppError, type ErrorKind } from '@headrace/kernel';
import { type LstmWeights } from '@headrace/onnx';
import {
  type SequenceControl,
  SequenceTrainer,
  type SequenceTrainingRequest,
  type TrainedSequenceModel,
} from '../../application/sequence-trainer.js';
import { type LabelledSequences } from '../../domain/sequence/labelled-sequences.js';
import { type LstmAnswer, type LstmWork } from './lstm-work.js';

/** An error of the worker thread, with the code and the kind that it had there. */
export class LstmWorkError extends AppError {
  constructor(
    readonly code: string,
    readonly kind: ErrorKind,
    message: string,
    readonly trace: string | undefined,
  ) {
    super(message);
  }
}

type Task = LstmWork extends infer W ? (W extends LstmWork ? Omit<W, 'cancelled'> : never) : never;
type Result = Extract<LstmAnswer, { kind: 'trained' | 'predicted' }>;

/**
 * tensorflow.js in WebAssembly, each piece of work in a thread of its own: its registries are global and its memory only
 * grows, and both end with the work. The thread runs compiled JavaScript, also when this file runs from its source.
 */
export class TensorflowSequenceTrainer extends SequenceTrainer {
  /** `threads` share the passes of a batch, of which there are batchSize / rowsPerPass; the result does not depend on it. */
  constructor(private readonly threads = 1) {
    super();
  }

  async train(
    request: SequenceTrainingRequest,
    control: SequenceControl = {},
  ): Promise<TrainedSequenceModel> {
    const { onCheckpoint, onEpoch, checkpointEverySteps, signal } = control;
    const result = await this.run(
      {
        kind: 'train',
        request: {
          ...request,
          train: share(request.train),
          ...(request.validation && { validation: share(request.validation) }),
        },
        wantsCheckpoints: onCheckpoint !== undefined,
        checkpointEverySteps,
        threads: this.threads,
      },
      signal,
      (message) => {
        if (message.kind === 'epoch') onEpoch?.(message.progress);
        else onCheckpoint?.(message.bytes);
      },
    );
    if (result.kind !== 'trained') throw broken(`answered "${result.kind}" to another question`);
    return result.model;
  }

  async predict(weights: LstmWeights, values: Float32Array): Promise<Float32Array> {
    const result = await this.run({ kind: 'predict', weights, values: shareArray(values) });
    if (result.kind !== 'predicted') throw broken(`answered "${result.kind}" to another question`);
    return result.probabilities;
  }

  private run(
    task: Task,
    signal?: AbortSignal,
    onProgress?: (message: Extract<LstmAnswer, { kind: 'epoch' | 'checkpoint' }>) => void,
  ): Promise<Result> {
    const cancelled = new Int32Array(new SharedArrayBuffer(4));
    const abort = (): void => {
      Atomics.store(cancelled, 0, 1);
    };
    if (signal?.aborted === true) abort();
    signal?.addEventListener('abort', abort, { once: true });
    // Without this process's arguments: those of a test runner would make the thread load TypeScript.
    const worker = new Worker(workerFile(import.meta.url, 'lstm-worker.js'), {
      workerData: { ...task, cancelled },
      execArgv: [],
    });
    return new Promise<Result>((resolve, reject) => {
      worker.on('message', (message: LstmAnswer) => {
        if (message.kind === 'epoch' || message.kind === 'checkpoint') onProgress?.(message);
        else if (message.kind === 'failed') {
          reject(
            new LstmWorkError(message.code, message.errorKind as ErrorKind, message.message, message.trace),
          );
        } else resolve(message);
      });
      worker.on('error', reject);
      worker.on('exit', (code) => reject(broken(`ended with code ${code} and no answer`)));
    }).finally(() => signal?.removeEventListener('abort', abort));
  }
}

function broken(what: string): LstmWorkError {
  return new LstmWorkError(
    'TRAINER_LSTM_WORKER_FAILED',
    'internal',
    `The thread that ran the LSTM ${what}`,
    undefined,
  );
}

function share({ values, label, weight, teacher }: LabelledSequences): LabelledSequences {
  return {
    values: shareArray(values),
    label: shareArray(label),
    ...(weight && { weight: shareArray(weight) }),
    ...(teacher && { teacher: shareArray(teacher) }),
  };
}
