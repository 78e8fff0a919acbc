import { AppError } from '@headrace/kernel';
import { type onnx as Onnx } from 'onnx-proto';

/**
 * One way to make a model smaller or faster that keeps its signature: inputs, outputs and metadata stay as they are.
 * A rewrite is a pure function; the model it is given is not changed, and rewriting the result again changes nothing (except
 * shrinkTrees, which spends its budget again).
 */
export interface Rewrite {
  readonly name: string;
  /** `bit-identical`: every row is answered with the same bits. `measured`: answers move; measureChange says how far. */
  readonly guarantee: 'bit-identical' | 'measured';
  apply(model: Onnx.IModelProto): RewriteResult;
}

export interface RewriteResult {
  /** The given model itself when there was nothing to do. */
  readonly model: Onnx.IModelProto;
  /** Counts and sizes of what was done, by name. */
  readonly changes: Readonly<Record<string, number>>;
  /** What looks like work for this rewrite and was left alone: which part, and why. */
  readonly left: readonly string[];
}

/** A rewrite that cannot be done as asked. The message says which rewrite, which part of the model, why, and what helps. */
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
