import { type LstmWeights } from '@headrace/onnx';
import { type LabelledSequences } from '../domain/sequence/labelled-sequences.js';
import { type SequenceSettings } from './sequence-settings.js';

export interface SequenceTrainingRequest {
  readonly steps: number;
  readonly channels: number;
  readonly settings: SequenceSettings;
  /** The scaler is fitted on these alone. */
  readonly train: LabelledSequences;
  /** Watched by early stopping. */
  readonly validation?: LabelledSequences;
  /** Goes on with these weights and their scaler instead of a new network; units then are theirs. */
  readonly startFrom?: {
    readonly weights: LstmWeights;
    /** Weights that are 0 stay 0: a pruned network stays pruned. */
    readonly keepZeros?: boolean;
  };
  /** A checkpoint of the same request. */
  readonly resume?: Uint8Array;
}

export interface EpochProgress {
  /** From 0. */
  readonly epoch: number;
  readonly epochs: number;
  /** By `set-metric`, as trees report theirs. */
  readonly scores: Readonly<Record<string, number>>;
}

export interface SequenceControl {
  readonly signal?: AbortSignal;
  readonly onEpoch?: (progress: EpochProgress) => void;
  /** Called after each epoch, every `checkpointEverySteps` steps of the optimiser, and once more when it is cancelled. */
  readonly onCheckpoint?: (checkpoint: Uint8Array) => void;
  readonly checkpointEverySteps?: number;
}

export interface TrainedSequenceModel {
  /** Those of the best epoch by the validation set, or of the last epoch without one. */
  readonly weights: LstmWeights;
  /** Epochs until those weights. */
  readonly epochs: number;
  readonly bestScore: number | undefined;
  readonly stopped: 'epochs' | 'early';
  readonly history: Readonly<Record<string, readonly number[]>>;
}

/**
 * A recurrent network over sequences, trained and evaluated off the event loop. `train` rejects with
 * TRAINER_TRAINING_CANCELLED within one batch after the signal aborts. The same request gives the same weights, bit for
 * bit, on the same machine and version, and so does a training that was interrupted and resumed from its checkpoint.
 */
export abstract class SequenceTrainer {
  abstract train(request: SequenceTrainingRequest, control?: SequenceControl): Promise<TrainedSequenceModel>;

  /** One probability a sequence. `values` is [n, steps, channels], raw; a sequence of nothing but NaN answers NaN. */
  abstract predict(weights: LstmWeights, values: Float32Array): Promise<Float32Array>;
}
