import { type BoostedModel, type BoostingRequest, type Rows } from '../../application/gradient-booster.js';

/** What a worker thread is asked to do, once. Matrices lie in shared memory: nothing is copied to the thread. */
export type XgboostWork = {
  readonly libraryPath: string;
  readonly threads: number;
  /** One cell; another value than 0 asks for the end. The loop of rounds receives no messages, but it can read this. */
  readonly cancelled: Int32Array;
} & (
  | { readonly kind: 'train'; readonly request: BoostingRequest }
  | {
      readonly kind: 'predict';
      readonly model: Uint8Array;
      readonly rows: Rows;
      readonly prediction: 'value' | 'margin';
    }
);

export type XgboostAnswer =
  | { readonly kind: 'round'; readonly round: number; readonly scores: Readonly<Record<string, number>> }
  | { readonly kind: 'trained'; readonly model: BoostedModel }
  | { readonly kind: 'predicted'; readonly values: Float32Array }
  | {
      readonly kind: 'failed';
      readonly code: string;
      readonly errorKind: string;
      readonly message: string;
      readonly trace: string | undefined;
    };
