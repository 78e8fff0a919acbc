import { type onnx as Onnx } from 'onnx-proto';
import { evaluateOperator } from './evaluate-operator.js';
import { collectConstants, operatorOf, opsetOf, countReads, subgraphsOf } from './graph-names.js';
import { removeUnused } from './remove-dead-code.js';
import { type Rewrite, unchangedResult } from './rewrite.js';
import { type Constant, elementType, readTensor, writeTensor } from '../tensor-values.js';

/** A result may exceed its inputs by this many bytes, so that shapes and scalars are folded but large tensors are not created. */
const mayGrowBytes = 1_024;

/**
 * Constant folding: an operator whose inputs are all constants becomes a constant, and inputs that only it read are dropped.
 * Bit-identical, because only operators whose result is certain to the bit are evaluated (see evaluateOperator).
 *
 * Left as they are: an operator that makes an output of the model; one with a graph inside; one of another domain; one that
 * reads an initializer a caller may replace; one whose result would make the file larger by more than a kilobyte.
 */
export function foldConstants(): Rewrite {
  return {
    name: 'fold-constants',
    guarantee: 'bit-identical',
    apply(model) {
      const graph = model.graph ?? {};
      const opset = opsetOf(model);
      const tensors = collectConstants(graph);
      const known = new Map<string, Constant | undefined>();
      const valueOf = (name: string): Constant | undefined => {
        const tensor = tensors.get(name);
        if (!known.has(name) && tensor !== undefined) known.set(name, readTensor(tensor));
        return known.get(name);
      };
      const outputs = new Set((graph.output ?? []).map(({ name }) => name ?? ''));
      const folded = new Map<string, Constant>();
      const node = (graph.node ?? []).filter((one) => {
        const value = evaluate(one, valueOf, outputs, opset);
        if (value === undefined) return true;
        const name = one.output?.[0] ?? '';
        known.set(name, value);
        folded.set(name, value);
        return false;
      });
      if (folded.size === 0) return unchangedResult(model);
      const reads = countReads({ ...graph, node });
      const made = [...folded].flatMap(([name, value]) =>
        reads.has(name) ? [writeTensor(name, value)] : [],
      );
      const next: Onnx.IGraphProto = { ...graph, node, initializer: [...(graph.initializer ?? []), ...made] };
      return {
        model: { ...model, graph: removeUnused(next) },
        changes: { foldedNodes: folded.size },
        left: [],
      };
    },
  };
}

function evaluate(
  node: Onnx.INodeProto,
  valueOf: (name: string) => Constant | undefined,
  outputs: ReadonlySet<string>,
  opset: number,
): Constant | undefined {
  const [name, ...others] = node.output ?? [];
  if (name === undefined || others.length > 0 || outputs.has(name)) return undefined;
  if (!operatorOf(node).startsWith('/') || subgraphsOf(node).length > 0) return undefined;
  const inputs = (node.input ?? []).map((input) => (input === '' ? undefined : valueOf(input)));
  if (inputs.some((value, index) => value === undefined && node.input?.[index] !== '')) return undefined;
  if (widens(node, inputs[0])) return undefined;
  const value = evaluateOperator(node, inputs, opset);
  if (value === undefined) return undefined;
  const given = inputs.reduce((sum, input) => sum + (input?.values.byteLength ?? 0), 0);
  return node.opType === 'Constant' || value.values.byteLength <= given + mayGrowBytes ? value : undefined;
}

/** Weights stored as float16 or int8 are widened when the model is loaded; folding would undo that. */
function widens(node: Onnx.INodeProto, first: Constant | undefined): boolean {
  return node.opType === 'DequantizeLinear' || first?.dataType === elementType.float16;
}
