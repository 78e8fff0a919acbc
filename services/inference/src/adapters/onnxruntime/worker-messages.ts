import { type GraphInput } from '../../application/ports.js';

export interface ToWorker {
  readonly id: number;
  readonly inputs: Readonly<Record<string, GraphInput>>;
}

export type FromWorker =
  | { readonly kind: 'opened' }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'failed'; readonly id: number; readonly reason: string }
  | {
      readonly kind: 'answered';
      readonly id: number;
      readonly outputs: readonly (readonly [string, Float32Array])[];
    };
