import { type BoostedModel, type BoostingRequest } from '../../application/gradient-booster.js';
import { type TrackerOptions, type WorkerArguments } from './collective-tracker.js';

/** What one process of a distributed training is asked to do, once. */
export type CollectiveWork = { readonly libraryPath: string } & (
  | { readonly kind: 'track'; readonly tracker: TrackerOptions; readonly waitSeconds: number }
  | {
      readonly kind: 'train';
      readonly threads: number;
      readonly arguments: WorkerArguments;
      readonly shard: number;
      readonly timeoutSeconds: number;
      /** With the rows of this shard only. */
      readonly request: BoostingRequest;
    }
);

export type CollectiveAnswer =
  | { readonly kind: 'tracking'; readonly arguments: WorkerArguments }
  | { readonly kind: 'tracked' }
  /** From the first rank only; all ranks have the same scores. */
  | { readonly kind: 'round'; readonly round: number; readonly scores: Readonly<Record<string, number>> }
  | {
      readonly kind: 'trained';
      readonly rank: number;
      readonly workers: number;
      /** SHA-256 of the model: every rank must have made the same one. */
      readonly digest: string;
      /** From the first rank only. */
      readonly model: BoostedModel | undefined;
    }
  | {
      readonly kind: 'failed';
      readonly code: string;
      readonly errorKind: string;
      readonly message: string;
      readonly trace: string | undefined;
    };
