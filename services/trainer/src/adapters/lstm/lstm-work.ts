import { type LstmWeights } from '@headrace/onnx';
import {
  type EpochProgress,
  type SequenceTrainingRequest,
  type TrainedSequenceModel,
} from '../../application/sequence-trainer.js';

/** What a worker thread is asked to do, once. Sequences lie in shared memory: nothing is copied to the thread. */
export type LstmWork = {
  /** One cell; another value than 0 asks for the end. The training receives no messages, but it can read this. */
  readonly cancelled: Int32Array;
} & (
  | {
      readonly kind: 'train';
      readonly request: SequenceTrainingRequest;
      readonly wantsCheckpoints: boolean;
      readonly checkpointEverySteps: number | undefined;
      readonly threads: number;
    }
  | { readonly kind: 'predict'; readonly weights: LstmWeights; readonly values: Float32Array }
);

export type LstmAnswer =
  | { readonly kind: 'epoch'; readonly progress: EpochProgress }
  | { readonly kind: 'checkpoint'; readonly bytes: Uint8Array }
  | { readonly kind: 'trained'; readonly model: TrainedSequenceModel }
  | { readonly kind: 'predicted'; readonly probabilities: Float32Array }
  | {
      readonly kind: 'failed';
      readonly code: string;
      readonly errorKind: string;
      readonly message: string;
      readonly trace: string | undefined;
    };
