import { type onnx as Onnx } from 'onnx-proto';
import { checkFiniteWeights } from './int8-weights.js';
import { checkShare, type Rewrite, unchangedResult } from './rewrite.js';
import { floats, writeTensor } from '../tensor-values.js';
import { findWeightReads } from './weight-reads.js';

export interface PruneWeightsOptions {
  /** The share of each matrix that becomes zero, 0 < sparsity < 1. */
  readonly sparsity: number;
  /** Matrices with fewer weights are left alone. Default 256. */
  readonly minWeights?: number;
}

/**
 * L1 (magnitude) pruning: in every matrix of MatMul, Gemm and LSTM the round(sparsity * size) weights of the smallest
 * magnitude become zero; among equal ones the first. Biases stay. The same as torch.nn.utils.prune.l1_unstructured.
 *
 * **Measured.** A pruned weight moves by its magnitude, and no remaining weight is smaller than a pruned one. A zero takes four
 * bytes like any number: the size shrinks only when the file is compressed (see measureChange), and onnxruntime is not
 * faster. A matrix that several operators read is pruned for all of them. Best done before the last rounds of training, which
 * can compensate for it.
 *
 * Weights that are NaN or infinite are refused: they have no place in the order.
 */
export function pruneWeights({ sparsity, minWeights = 256 }: PruneWeightsOptions): Rewrite {
  const name = 'prune-weights';
  checkShare(name, 'sparsity', sparsity);
  return {
    name,
    guarantee: 'measured',
    apply(model) {
      const graph = model.graph ?? {};
      const pruned = new Map<string, Onnx.ITensorProto>();
      let prunedWeights = 0;
      let largestWeightChange = 0;
      for (const { name: weight, dims, values } of findWeightReads(graph, minWeights)) {
        if (pruned.has(weight)) continue;
        checkFiniteWeights(name, weight, values);
        const { kept, count, max } = zeroSmallest(values, Math.round(sparsity * values.length));
        if (count === 0) continue;
        prunedWeights += count;
        largestWeightChange = Math.max(largestWeightChange, max);
        pruned.set(weight, writeTensor(weight, floats(dims, kept)));
      }
      if (pruned.size === 0) return unchangedResult(model);
      const initializer = (graph.initializer ?? []).map((tensor) => pruned.get(tensor.name ?? '') ?? tensor);
      return {
        model: { ...model, graph: { ...graph, initializer } },
        changes: { prunedWeights, largestWeightChange },
        left: [],
      };
    },
  };
}

/** Sets the `removed` smallest weights to zero. Returns how many of them were not zero before, and the largest of those. */
function zeroSmallest(
  values: Float32Array,
  removed: number,
): { readonly kept: Float32Array; readonly count: number; readonly max: number } {
  const border = Float32Array.from(values, Math.abs).sort()[removed - 1];
  if (border === undefined) return { kept: values, count: 0, max: 0 };
  // All weights below the border become zero, and as many of those on it as are still needed.
  let onBorder = removed - values.reduce((count, value) => count + (Math.abs(value) < border ? 1 : 0), 0);
  let count = 0;
  const kept = values.map((value) => {
    const size = Math.abs(value);
    const pruned = size < border || (size === border && onBorder-- > 0);
    if (pruned && value !== 0) count += 1;
    return pruned ? 0 : value;
  });
  return { kept, count, max: count === 0 ? 0 : border };
}
