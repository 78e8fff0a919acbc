import { AppError } from '@headrace/kernel';
import { type onnx as Onnx } from 'onnx-proto';

/**
 * One way to make a model smaller or faster that keeps its signature: inputs, outputs and metadata stay as they are.
 * A rewrite is a pure function: it does not modify its argument. Rewriting the result again changes nothing, except with
 * shrinkTrees, which spends its budget again.
 */
export interface Rewrite {
  readonly name: string;
  /** `bit-identical`: every answer keeps its bits. `measured`: answers move, see measureChange. */
  readonly guarantee: 'bit-identical' | 'measured';
  apply(model: Onnx.IModelProto): RewriteResult;
}

export interface RewriteResult {
  /** The given model itself when there was nothing to do. */
  readonly model: Onnx.IModelProto;
  /** Counts and sizes of the changes, by name. */
  readonly changes: Readonly<Record<string, number>>;
  /** Candidates that were left alone: which part, and why. */
  readonly left: readonly string[];
}

/** A rewrite that cannot be done as requested. The message names the rewrite, the part of the model, the reason and a remedy. */
export class RewriteRefusedError extends AppError {
  readonly code = 'ONNX_REWRITE_REFUSED';
  readonly kind = 'invalid';

  constructor(
    readonly rewrite: string,
    reason: string,
  ) {
    super(`The rewrite ${rewrite} is refused: ${reason}`);
  }
}

/** The model unchanged. */
export function unchangedResult(model: Onnx.IModelProto, left: readonly string[] = []): RewriteResult {
  return { model, changes: {}, left };
}

/** A share that an option gives, 0 < share < 1. */
export function checkShare(rewrite: string, option: string, share: number): void {
  if (!(share > 0 && share < 1)) {
    throw new RewriteRefusedError(rewrite, `${option} is ${share}; a number between 0 and 1 is needed`);
  }
}
