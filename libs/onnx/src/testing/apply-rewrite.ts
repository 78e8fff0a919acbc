import { SeededRandom } from '@headrace/kernel';
import onnxProto, { type onnx as Onnx } from 'onnx-proto';
import { GraphBuilder } from '../build/graph-builder.js';
import { checkModel } from '../admission/check-model.js';
import { measureChange, seededRows, type MeasuredChange } from '../rewrite/measure-change.js';
import { type Rewrite } from '../rewrite/rewrite.js';
import { rewriteModel, type RewrittenModel } from '../rewrite/rewrite-model.js';
import { runGraph } from './run-in-onnxruntime.js';

const { onnx } = onnxProto;

export function decodeModel(bytes: Uint8Array): Onnx.ModelProto {
  return onnx.ModelProto.decode(bytes);
}

export function encodeModel(model: Onnx.IModelProto): Uint8Array {
  return onnx.ModelProto.encode(model).finish();
}

/** The operators of a file in their order. */
export function operatorsOf(bytes: Uint8Array): readonly string[] {
  return (decodeModel(bytes).graph?.node ?? []).map(({ opType }) => opType ?? '');
}

/** A file that passes admission: input `features` [n, columns], and the result of `make`, of any shape, as `probability`. */
export function buildModel(columns: number, make: (graph: GraphBuilder) => string): Uint8Array {
  const graph = new GraphBuilder('small');
  graph.input('features', ['n', columns]);
  const made = make(graph);
  graph.node('Reshape', [made, graph.integers('one_per_row', [-1])], 'probability');
  graph.output('probability', ['n']);
  return graph.finish({ trainingSetDigest: 'sha256:00' });
}

/** Rewrites, and measures on seeded rows in onnxruntime. */
export async function rewriteAndMeasure(
  bytes: Uint8Array,
  rewrites: readonly Rewrite[],
  rows = 200,
): Promise<RewrittenModel & { readonly measured: MeasuredChange }> {
  const rewritten = rewriteModel(bytes, rewrites);
  const measured = await measureChange(
    bytes,
    rewritten,
    seededRows(checkModel(bytes), rows, new SeededRandom(rows)),
    (file, { inputs }) => runGraph(file, inputs),
  );
  return { ...rewritten, measured };
}
