import { type onnx as Onnx } from 'onnx-proto';
import { layOutTree, refuse, type Tree, type TreeNode } from './tree-ensemble.js';

export interface TreeLimits {
  readonly maxTrees: number;
  readonly maxTreeNodes: number;
  readonly maxTreeDepth: number;
}

/** What a TreeEnsembleRegressor node computes, checked completely. */
export interface TreeRegressor {
  readonly trees: readonly Tree[];
  readonly offset: number;
  readonly postTransform: 'NONE' | 'LOGISTIC';
}

const nodeArrays = ['nodes_nodeids', 'nodes_featureids', 'nodes_truenodeids', 'nodes_falsenodeids'] as const;

const known: ReadonlySet<string> = new Set([
  ...nodeArrays,
  'nodes_treeids',
  'nodes_values',
  'nodes_modes',
  'nodes_hitrates',
  'nodes_missing_value_tracks_true',
  'target_treeids',
  'target_nodeids',
  'target_ids',
  'target_weights',
  'base_values',
  'n_targets',
  'aggregate_function',
  'post_transform',
]);

/**
 * Reads the attributes of a TreeEnsembleRegressor (ai.onnx.ml 3) with one target. onnxruntime does not check these arrays:
 * an id out of range or a cycle makes it read out of bounds or loop forever, so everything is checked here: equal
 * lengths, ids in range and unique, one root a tree, each node reached exactly once, finite numbers, one weight a leaf.
 */
export function readTreeNode(node: Onnx.INodeProto, columns: number, limits: TreeLimits): TreeRegressor {
  const attributes = readAttributes(node, known);
  const ints = (name: string): number[] => (attributes.get(name)?.ints ?? []).map(Number);
  const floats = (name: string): number[] => checkFinite(name, attributes.get(name)?.floats ?? []);
  const text = (name: string, otherwise: string): string => {
    const bytes = attributes.get(name)?.s;
    return bytes === undefined || bytes === null ? otherwise : Buffer.from(bytes).toString('utf8');
  };

  const treeIds = ints('nodes_treeids');
  const count = treeIds.length;
  if (count === 0) refuse('a tree node has no trees');
  if (count > limits.maxTreeNodes) {
    refuse(`it has ${count} tree nodes; ${limits.maxTreeNodes} are left to it`);
  }
  const [nodeIds, features, yes, no] = nodeArrays.map((name) => checkLength(name, ints(name), count)) as [
    number[],
    number[],
    number[],
    number[],
  ];
  const thresholds = checkLength('nodes_values', floats('nodes_values'), count);
  const modes = checkLength(
    'nodes_modes',
    (attributes.get('nodes_modes')?.strings ?? []).map((mode) => Buffer.from(mode).toString('utf8')),
    count,
  );
  const missing = ints('nodes_missing_value_tracks_true');
  if (missing.length > 0) checkLength('nodes_missing_value_tracks_true', missing, count);
  if (Number(attributes.get('n_targets')?.i ?? 1) !== 1) refuse('its trees have more than one target');
  if (text('aggregate_function', 'SUM') !== 'SUM') refuse('its trees are not summed');
  const postTransform = text('post_transform', 'NONE');
  if (postTransform !== 'NONE' && postTransform !== 'LOGISTIC') {
    refuse(`post_transform ${JSON.stringify(postTransform)} is not supported`);
  }
  const base = floats('base_values');
  if (base.length > 1) refuse(`it has ${base.length} base values for one target`);

  const weights = readLeafWeights(attributes, ints, floats);
  const trees = new Map<number, Map<number, TreeNode>>();
  for (let index = 0; index < count; index += 1) {
    const treeId = treeIds[index] as number;
    const nodeId = nodeIds[index] as number;
    const nodes = trees.get(treeId) ?? new Map<number, TreeNode>();
    trees.set(treeId, nodes);
    if (trees.size > limits.maxTrees) refuse(`it has more than ${limits.maxTrees} trees left to it`);
    if (nodes.has(nodeId)) refuse(`tree ${treeId} has node ${nodeId} twice`);
    const key = `${treeId}/${nodeId}`;
    const mode = modes[index] as string;
    if (mode === 'LEAF') {
      const value = weights.get(key) ?? refuse(`the leaf ${key} has no weight`);
      weights.delete(key);
      nodes.set(nodeId, { feature: -1, threshold: 0, yes: 0, no: 0, missingYes: false, value });
      continue;
    }
    if (mode !== 'BRANCH_LT' && mode !== 'BRANCH_LEQ') {
      refuse(`the mode ${JSON.stringify(mode)} is not supported; BRANCH_LT, BRANCH_LEQ and LEAF are`);
    }
    const feature = features[index] as number;
    if (!(Number.isInteger(feature) && feature >= 0 && feature < columns)) {
      refuse(`node ${key} reads feature ${feature} of ${columns}`);
    }
    const threshold = thresholds[index] as number;
    nodes.set(nodeId, {
      feature,
      threshold: mode === 'BRANCH_LT' ? threshold : nextUp(threshold),
      yes: yes[index] as number,
      no: no[index] as number,
      missingYes: missing[index] === 1,
      value: 0,
    });
  }
  if (weights.size > 0) refuse(`a weight belongs to ${[...weights.keys()][0] ?? ''}, which is not a leaf`);
  const laidOut = [...trees.entries()].map(([id, nodes]) => {
    const tree = layOutTree(`tree ${id}`, nodes, findRoot(id, nodes), limits.maxTreeDepth);
    if (tree.feature.length !== nodes.size) {
      refuse(
        `tree ${id} has ${nodes.size} nodes and ${tree.feature.length} of them are reached from its root`,
      );
    }
    return tree;
  });
  return { trees: laidOut, offset: base[0] ?? 0, postTransform };
}

function readLeafWeights(
  attributes: ReadonlyMap<string, Onnx.IAttributeProto>,
  ints: (name: string) => number[],
  floats: (name: string) => number[],
): Map<string, number> {
  const values = floats('target_weights');
  const treeIds = checkLength('target_treeids', ints('target_treeids'), values.length);
  const nodeIds = checkLength('target_nodeids', ints('target_nodeids'), values.length);
  const targets = checkLength('target_ids', ints('target_ids'), values.length);
  if (attributes.get('target_weights')?.floats?.length === 0) refuse('its trees have no weights');
  const weights = new Map<string, number>();
  for (const [index, value] of values.entries()) {
    const key = `${treeIds[index] ?? ''}/${nodeIds[index] ?? ''}`;
    if (targets[index] !== 0) refuse(`the weight of ${key} has target ${targets[index] ?? ''} of 1`);
    if (weights.has(key)) refuse(`the leaf ${key} has two weights`);
    weights.set(key, value);
  }
  return weights;
}

function findRoot(treeId: number, nodes: ReadonlyMap<number, TreeNode>): number {
  const children = new Set<number>();
  for (const node of nodes.values()) {
    if (node.feature < 0) continue;
    children.add(node.yes).add(node.no);
  }
  const roots = [...nodes.keys()].filter((id) => !children.has(id));
  const [root] = roots;
  if (root === undefined) refuse(`tree ${treeId} has no root: its nodes form a cycle`);
  if (roots.length > 1) refuse(`tree ${treeId} has ${roots.length} roots`);
  // onnxruntime starts at the first listed node of a tree, whatever the edges are.
  if (root !== [...nodes.keys()][0]) refuse(`tree ${treeId} does not begin with its root`);
  return root;
}

function checkLength<T>(name: string, values: T[], count: number): T[] {
  if (values.length !== count) refuse(`${name} has ${values.length} entries where ${count} are needed`);
  return values;
}

function checkFinite(name: string, values: readonly number[]): number[] {
  const index = values.findIndex((value) => !Number.isFinite(value));
  if (index >= 0) refuse(`${name}[${index}] is not a finite number`);
  return [...values];
}

/** The next float32 above a finite one: `x <= t` is `x < nextUp(t)`. */
export function nextUp(value: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value === 0 ? 0 : value);
  const bits = view.getInt32(0);
  view.setInt32(0, bits >= 0 ? bits + 1 : bits - 1);
  return view.getFloat32(0);
}

/** By name. Unknown and repeated attributes are refused. */
export function readAttributes(
  node: Onnx.INodeProto,
  known: ReadonlySet<string>,
): ReadonlyMap<string, Onnx.IAttributeProto> {
  const attributes = new Map<string, Onnx.IAttributeProto>();
  for (const attribute of node.attribute ?? []) {
    const name = attribute.name ?? '';
    if (!known.has(name)) {
      refuse(`a tree node has the attribute ${JSON.stringify(name)}, which is not supported`);
    }
    if (attributes.has(name)) refuse(`a tree node has the attribute ${name} twice`);
    attributes.set(name, attribute);
  }
  return attributes;
}
