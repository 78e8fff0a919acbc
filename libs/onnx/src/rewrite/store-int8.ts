import { type onnx as Onnx } from 'onnx-proto';
import { intAttribute } from '../build/attributes.js';
import { FreshNames } from './graph-names.js';
import { checkFiniteWeights, toInt8 } from './int8-weights.js';
import { type Rewrite, unchangedResult } from './rewrite.js';
import { elementType, floats, writeTensor } from '../tensor-values.js';
import { findOtherReads, findWeightReads } from './weight-reads.js';

export interface StoreInt8Options {
  /** Matrices with fewer weights stay float32. Default 256. */
  readonly minWeights?: number;
}

/**
 * Stores weights as signed bytes with a scale per unit. Cast and Mul make them float32 again; onnxruntime folds both when it
 * loads the file: a quarter of the size, the speed and memory of float32, and answers that do not depend on the other rows of
 * the batch. **Measured**; a weight moves by at most half its scale.
 *
 * A matrix that something else reads too is left alone, and NaN and infinite weights are refused.
 */
export function storeInt8({ minWeights = 256 }: StoreInt8Options = {}): Rewrite {
  return {
    name: 'store-int8',
    guarantee: 'measured',
    apply(model) {
      const graph = model.graph ?? {};
      const reads = findWeightReads(graph, minWeights);
      const elsewhere = findOtherReads(graph, reads);
      const left = [...elsewhere].map((weight) => `${weight}: it is read elsewhere too`);
      const stored = new Map(
        reads.flatMap((read) => (elsewhere.has(read.name) ? [] : [[read.name, read] as const])),
      );
      if (stored.size === 0) return unchangedResult(model, left);
      const fresh = new FreshNames(graph);
      const constants: Onnx.ITensorProto[] = [];
      const nodes: Onnx.INodeProto[] = [];
      let storedWeights = 0;
      let largestWeightChange = 0;
      for (const [weight, { values, dims, axis }] of stored) {
        checkFiniteWeights('store-int8', weight, values);
        const { bytes, scales, maxChange } = toInt8(values, dims, axis, 127);
        storedWeights += bytes.length;
        largestWeightChange = Math.max(largestWeightChange, maxChange);
        const [small, scale, wide] = [
          fresh.take(`${weight}_int8`),
          fresh.take(`${weight}_scale`),
          fresh.take(`${weight}_wide`),
        ];
        const along = dims.map((size, position) => (position === axis ? size : 1));
        constants.push(
          writeTensor(small, { dataType: elementType.int8, dims, values: bytes }),
          writeTensor(scale, floats(along, scales)),
        );
        nodes.push(
          {
            name: wide,
            opType: 'Cast',
            input: [small],
            output: [wide],
            attribute: [intAttribute('to', elementType.float32)],
          },
          { name: weight, opType: 'Mul', input: [wide, scale], output: [weight] },
        );
      }
      const kept = (graph.initializer ?? []).filter(({ name }) => !stored.has(name ?? ''));
      return {
        model: {
          ...model,
          graph: { ...graph, node: [...nodes, ...(graph.node ?? [])], initializer: [...kept, ...constants] },
        },
        changes: { storedWeights, largestWeightChange },
        left,
      };
    },
  };
}
