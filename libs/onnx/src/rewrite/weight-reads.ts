import { type onnx as Onnx } from 'onnx-proto';
import { collectConstants, intOf, operatorOf, countReads } from './graph-names.js';
import { type Constant, elementType, readTensor, sizeOf } from '../tensor-values.js';

/** A matrix of trained weights and the operator that multiplies by it. */
export interface WeightRead {
  readonly node: Onnx.INodeProto;
  /** Which input of the node it is. */
  readonly input: number;
  readonly name: string;
  readonly dims: readonly number[];
  readonly values: Float32Array;
  /** The axis along which its outputs (units, gates) lie. */
  readonly axis: number;
}

/**
 * The float32 constants that MatMul, Gemm and LSTM multiply by, of at least `minWeights` weights, in the order of the graph.
 * A constant that two operators read is returned twice. Vectors are not weights of a layer: a MatMul with one is a sum.
 */
export function findWeightReads(graph: Onnx.IGraphProto, minWeights: number): readonly WeightRead[] {
  const constants = collectConstants(graph);
  const known = new Map<string, Constant | undefined>();
  return (graph.node ?? []).flatMap((node) =>
    weightInputs(node).flatMap(({ input, rank, axis }) => {
      const name = node.input?.[input] ?? '';
      const tensor = constants.get(name);
      if (tensor === undefined || tensor.dataType !== elementType.float32) return [];
      if ((tensor.dims ?? []).length !== rank || sizeOf((tensor.dims ?? []).map(Number)) < minWeights) {
        return [];
      }
      if (!known.has(name)) known.set(name, readTensor(tensor));
      const constant = known.get(name);
      if (!(constant?.values instanceof Float32Array)) return [];
      return [{ node, input, name, dims: constant.dims, values: constant.values, axis }];
    }),
  );
}

function weightInputs(
  node: Onnx.INodeProto,
): readonly { readonly input: number; readonly rank: number; readonly axis: number }[] {
  switch (operatorOf(node)) {
    case '/MatMul':
      return [{ input: 1, rank: 2, axis: 1 }];
    case '/Gemm':
      return [{ input: 1, rank: 2, axis: intOf(node, 'transB', 0) === 1 ? 0 : 1 }];
    case '/LSTM':
      return [1, 2].map((input) => ({ input, rank: 3, axis: 1 }));
    default:
      return [];
  }
}

/** Names with further readers: another operator or input, a graph inside a node, or the caller. */
export function findOtherReads(
  graph: Onnx.IGraphProto,
  reads: readonly { readonly name: string }[],
): ReadonlySet<string> {
  const all = countReads(graph);
  const here = new Map<string, number>();
  for (const { name } of reads) here.set(name, (here.get(name) ?? 0) + 1);
  return new Set([...here].flatMap(([name, count]) => ((all.get(name) ?? 0) > count ? [name] : [])));
}
