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
 * magnitude become zero; of equal ones those that come first. Biases stay. What torch.nn.utils.prune.l1_unstructured does.
 *
 * **Measured.** A pruned weight moves by its magnitude, and no weight that stays is smaller than one that goes. A file keeps
 * a zero in four bytes as any number: the size shrinks only where the file is compressed (measureChange says by how
 * much), and onnxruntime is not faster. A matrix that several operators read is pruned for all of them. Best done before the
 * last rounds of training, which can make up for it.
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

/** The weights with the `goes` smallest at zero, how many of them were not zero before, and the largest of those. */
function zeroSmallest(
  values: Float32Array,
  removed: number,
): { readonly kept: Float32Array; readonly count: number; readonly max: number } {
  const border = Float32Array.from(values, Math.abs).sort()[removed - 1];
  if (border === undefined) return { kept: values, count: 0, max: 0 };
  // Everything below the border goes, and of what lies on it as many as are still missing.
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
