import onnxProto, { type onnx as Onnx } from 'onnx-proto';
import {
  checkModel,
  defaultModelLimits,
  type CheckedModel,
  type ModelLimits,
} from '../admission/check-model.js';
import { type Rewrite, RewriteRefusedError } from './rewrite.js';

const { onnx } = onnxProto;

export interface RewriteStep {
  readonly rewrite: string;
  readonly guarantee: Rewrite['guarantee'];
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  readonly changes: Readonly<Record<string, number>>;
  readonly left: readonly string[];
}

export interface RewrittenModel {
  readonly bytes: Uint8Array;
  /** Of the file that was given. */
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  /** `bit-identical` only when every step is. */
  readonly guarantee: Rewrite['guarantee'];
  readonly steps: readonly RewriteStep[];
}

/**
 * Applies rewrites in their order. The model must pass admission before and after every step. A rewrite that would change the
 * signature (inputs, outputs, feature names, metadata) is a defect and is refused. Equal arguments give equal bytes.
 *
 * The order affects size, not correctness: fold and remove first, prune trees, then choose how weights are stored.
 *
 * @throws ModelRefusedError for a model that may not run; RewriteRefusedError for a rewrite that cannot be done as asked.
 */
export function rewriteModel(
  content: Uint8Array,
  rewrites: readonly Rewrite[],
  limits: ModelLimits = defaultModelLimits,
): RewrittenModel {
  const original = checkModel(content, limits);
  let model: Onnx.IModelProto = onnx.ModelProto.decode(original.bytes);
  let bytes = original.bytes;
  const steps: RewriteStep[] = [];
  for (const rewrite of rewrites) {
    const { model: next, changes, left } = rewrite.apply(model);
    const bytesBefore = bytes.length;
    if (next !== model) {
      bytes = checkModel(onnx.ModelProto.encode(next).finish(), limits).bytes;
      checkSameSignature(rewrite.name, original, checkModel(bytes, limits));
      model = next;
    }
    const { name, guarantee } = rewrite;
    steps.push({ rewrite: name, guarantee, bytesBefore, bytesAfter: bytes.length, changes, left });
  }
  return {
    bytes,
    bytesBefore: content.length,
    bytesAfter: bytes.length,
    guarantee: rewrites.every(({ guarantee }) => guarantee === 'bit-identical')
      ? 'bit-identical'
      : 'measured',
    steps,
  };
}

function checkSameSignature(rewrite: string, before: CheckedModel, after: CheckedModel): void {
  for (const part of ['inputs', 'outputs', 'featureNames', 'metadata'] as const) {
    if (JSON.stringify(before[part]) !== JSON.stringify(after[part])) {
      throw new RewriteRefusedError(rewrite, `it would change the ${part} of the model`);
    }
  }
}
