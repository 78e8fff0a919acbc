import { type onnx as Onnx } from 'onnx-proto';
import { collectSubgraphNames, operatorOf, countReads } from './graph-names.js';
import { type Rewrite, unchangedResult } from './rewrite.js';

/**
 * Removes operators with unused results, unused constants, `Identity` between two operators, and annotations of removed values.
 * Bit-identical: the remaining operators are unchanged.
 *
 * Kept: an `Identity` that makes an output (its name is the signature) or whose name a graph inside a node mentions; an
 * initializer that is also an input (a caller may feed it); every operator, of whatever domain, that something reads.
 */
export function removeDeadCode(): Rewrite {
  return {
    name: 'remove-dead-code',
    guarantee: 'bit-identical',
    apply(model) {
      const before = model.graph ?? {};
      const graph = removeUnused(removeIdentities(before));
      const removedNodes = (before.node?.length ?? 0) - (graph.node?.length ?? 0);
      const removedConstants = (before.initializer?.length ?? 0) - (graph.initializer?.length ?? 0);
      const removedNotes = (before.valueInfo?.length ?? 0) - (graph.valueInfo?.length ?? 0);
      if (removedNodes + removedConstants + removedNotes === 0) return unchangedResult(model);
      return { model: { ...model, graph }, changes: { removedNodes, removedConstants }, left: [] };
    },
  };
}

function removeIdentities(graph: Onnx.IGraphProto): Onnx.IGraphProto {
  const fixed = new Set([
    ...collectSubgraphNames(graph),
    ...(graph.output ?? []).map(({ name }) => name ?? ''),
  ]);
  const instead = new Map<string, string>();
  const node: Onnx.INodeProto[] = [];
  for (const one of graph.node ?? []) {
    const input = (one.input ?? []).map((name) => instead.get(name) ?? name);
    const output = one.output?.[0] ?? '';
    const from = input[0] ?? '';
    if (operatorOf(one) === '/Identity' && !fixed.has(output) && from !== '') instead.set(output, from);
    else node.push(input.some((name, index) => name !== one.input?.[index]) ? { ...one, input } : one);
  }
  return instead.size === 0 ? graph : { ...graph, node };
}

/** Removes everything that no output depends on. */
export function removeUnused(graph: Onnx.IGraphProto): Onnx.IGraphProto {
  let node = graph.node ?? [];
  for (;;) {
    const reads = countReads({ ...graph, node });
    const alive = node.filter(({ output }) => (output ?? []).some((name) => name !== '' && reads.has(name)));
    if (alive.length === node.length) break;
    node = alive;
  }
  const reads = countReads({ ...graph, node });
  const inputs = new Set((graph.input ?? []).map(({ name }) => name ?? ''));
  const made = new Set(node.flatMap(({ output }) => output ?? []));
  return {
    ...graph,
    node,
    initializer: (graph.initializer ?? []).filter(
      ({ name }) => reads.has(name ?? '') || inputs.has(name ?? ''),
    ),
    valueInfo: (graph.valueInfo ?? []).filter(({ name }) => made.has(name ?? '')),
  };
}
