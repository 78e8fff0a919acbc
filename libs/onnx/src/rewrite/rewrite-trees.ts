import { type onnx as Onnx } from 'onnx-proto';
import { unchangedResult, type RewriteResult } from './rewrite.js';
import { isTreeNode, readTrees, writeTrees, type TreeNodeTrees } from './tree-node.js';

/** The result of one pass over the trees of a node, or why it left them alone. */
export type TreesPass = (
  trees: TreeNodeTrees,
  node: Onnx.INodeProto,
) =>
  | { readonly trees: TreeNodeTrees['trees']; readonly changes: Readonly<Record<string, number>> }
  | string
  | undefined;

/** Sends every tree ensemble of the graph through `pass`; `undefined` means that there was nothing to do. */
export function rewriteTrees(model: Onnx.IModelProto, pass: TreesPass): RewriteResult {
  const changes: Record<string, number> = {};
  const left: string[] = [];
  const node = (model.graph?.node ?? []).map((one) => {
    if (!isTreeNode(one)) return one;
    const trees = readTrees(one);
    const made = typeof trees === 'string' ? trees : pass(trees, one);
    if (typeof made === 'string') left.push(`${one.name ?? one.opType ?? ''}: ${made}`);
    if (typeof trees === 'string' || typeof made === 'string' || made === undefined) return one;
    for (const [name, count] of Object.entries(made.changes)) changes[name] = (changes[name] ?? 0) + count;
    return writeTrees(one, { ...trees, trees: made.trees });
  });
  if (Object.keys(changes).length === 0) return unchangedResult(model, left);
  return { model: { ...model, graph: { ...model.graph, node } }, changes, left };
}
