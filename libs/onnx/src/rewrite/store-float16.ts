import { type onnx as Onnx } from 'onnx-proto';
import { intAttribute } from '../build/attributes.js';
import { fromFloat16, maxFloat16, toFloat16 } from './float16.js';
import { collectConstants, FreshNames, countReads } from './graph-names.js';
import { checkFiniteWeights } from './int8-weights.js';
import { type Rewrite, unchangedResult } from './rewrite.js';
import { elementType, readTensor, sizeOf, writeTensor } from '../tensor-values.js';

export interface StoreFloat16Options {
  /** Constants with fewer numbers stay float32: the Cast would cost more than it saves. Default 256. */
  readonly minWeights?: number;
}

/**
 * Stores float32 constants as float16. Cast makes them float32 again; onnxruntime folds it when it loads the file: half the
 * size, the speed and memory of float32. Inputs, outputs and all arithmetic stay float32; leaves and thresholds of trees
 * are not constants of this kind and stay as they are.
 *
 * **Measured.** Each number is rounded to the nearest: it moves by 2^-11 of itself at most, or by 2^-25 where it is smaller
 * than 2^-14. A constant with a number beyond float16 (65,520 and more) stays float32, and is reported. NaN and infinity
 * are refused.
 */
export function storeFloat16({ minWeights = 256 }: StoreFloat16Options = {}): Rewrite {
  const name = 'store-float16';
  return {
    name,
    guarantee: 'measured',
    apply(model) {
      const graph = model.graph ?? {};
      const reads = countReads(graph);
      const fresh = new FreshNames(graph);
      const left: string[] = [];
      const casts: Onnx.INodeProto[] = [];
      const stored = new Map<string, Onnx.ITensorProto>();
      let storedWeights = 0;
      let largestWeightChange = 0;
      for (const [weight, tensor] of collectConstants(graph)) {
        if (tensor.dataType !== elementType.float32 || !reads.has(weight)) continue;
        if (sizeOf((tensor.dims ?? []).map(Number)) < minWeights) continue;
        const constant = readTensor(tensor);
        if (!(constant?.values instanceof Float32Array)) continue;
        checkFiniteWeights(name, weight, constant.values);
        const values = Uint16Array.from(constant.values, toFloat16);
        const wide = constant.values.findIndex(
          (_, place) => !Number.isFinite(fromFloat16(values[place] as number)),
        );
        if (wide >= 0) {
          left.push(
            `${weight}: ${constant.values[wide] ?? NaN} is beyond float16, whose largest is ${maxFloat16}`,
          );
          continue;
        }
        for (const [place, value] of constant.values.entries()) {
          largestWeightChange = Math.max(
            largestWeightChange,
            Math.abs(value - fromFloat16(values[place] as number)),
          );
        }
        storedWeights += values.length;
        const half = fresh.take(`${weight}_float16`);
        stored.set(weight, writeTensor(half, { dataType: elementType.float16, dims: constant.dims, values }));
        casts.push({
          name: weight,
          opType: 'Cast',
          input: [half],
          output: [weight],
          attribute: [intAttribute('to', elementType.float32)],
        });
      }
      if (stored.size === 0) return unchangedResult(model, left);
      const initializer = (graph.initializer ?? []).map((tensor) => stored.get(tensor.name ?? '') ?? tensor);
      return {
        model: { ...model, graph: { ...graph, node: [...casts, ...(graph.node ?? [])], initializer } },
        changes: { storedWeights, largestWeightChange },
        left,
      };
    },
  };
}
