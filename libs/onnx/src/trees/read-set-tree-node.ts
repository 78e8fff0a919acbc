import onnxProto, { type onnx as Onnx } from 'onnx-proto';
import { readAttributes, nextUp, type TreeLimits, type TreeRegressor } from './read-tree-node.js';
import { layOutTree, buildLeafTree, refuse, type Tree, type TreeNode } from './tree-ensemble.js';

const { DataType } = onnxProto.onnx.TensorProto;

const known: ReadonlySet<string> = new Set([
  'tree_roots',
  'nodes_featureids',
  'nodes_modes',
  'nodes_splits',
  'nodes_hitrates',
  'nodes_missing_value_tracks_true',
  'nodes_truenodeids',
  'nodes_trueleafs',
  'nodes_falsenodeids',
  'nodes_falseleafs',
  'leaf_targetids',
  'leaf_weights',
  'membership_values',
  'n_targets',
  'aggregate_function',
  'post_transform',
]);

const [atMost, below, member] = [0, 1, 6] as const;
/** A float32 represents every integer below this. */
const categoryLimit = 2 ** 24;

/**
 * Reads the attributes of a TreeEnsemble (ai.onnx.ml 5) with one target, as strictly as readTreeNode reads the older
 * operator: ids in range, every node and leaf reached exactly once over all trees, finite numbers, and sets of categories
 * that are whole numbers, one set a node that asks for one.
 */
export function readSetTreeNode(node: Onnx.INodeProto, columns: number, limits: TreeLimits): TreeRegressor {
  const attributes = readAttributes(node, known);
  const ints = (name: string, length?: number): number[] => {
    const values = (attributes.get(name)?.ints ?? []).map(Number);
    if (length !== undefined && values.length !== length) {
      refuse(`${name} has ${values.length} entries where ${length} are needed`);
    }
    return values;
  };
  const int = (name: string, otherwise: number): number => Number(attributes.get(name)?.i ?? otherwise);
  if (int('n_targets', 1) !== 1) refuse('its trees have more than one target');
  if (int('aggregate_function', 1) !== 1) refuse('its trees are not summed');
  if (int('post_transform', 0) !== 0) refuse('post_transform is not supported beside categories');

  const modes = readBytes('nodes_modes', attributes);
  const count = modes.length;
  if (count === 0) refuse('a tree node has no trees');
  const weights = readFloats('leaf_weights', attributes);
  if (count + weights.length > limits.maxTreeNodes) {
    refuse(`it has ${count + weights.length} tree nodes; ${limits.maxTreeNodes} are left to it`);
  }
  const roots = ints('tree_roots');
  if (roots.length > limits.maxTrees) refuse(`it has more than ${limits.maxTrees} trees left to it`);
  if (roots.length === 0) refuse('a tree node has no trees');
  const splits = readFloats('nodes_splits', attributes);
  if (splits.length !== count) refuse(`nodes_splits has ${splits.length} entries where ${count} are needed`);
  const missing = attributes.has('nodes_missing_value_tracks_true')
    ? ints('nodes_missing_value_tracks_true', count)
    : new Array<number>(count).fill(0);
  const arrays: NodeArrays = {
    feature: ints('nodes_featureids', count),
    modes,
    splits,
    missing,
    sides: [
      { ids: ints('nodes_truenodeids', count), leaf: ints('nodes_trueleafs', count) },
      { ids: ints('nodes_falsenodeids', count), leaf: ints('nodes_falseleafs', count) },
    ],
    weights,
    sets: readSets(modes, attributes),
  };
  if (ints('leaf_targetids', weights.length).some((target) => target !== 0)) {
    refuse('a leaf has a target other than 0');
  }
  for (const [name, values] of [
    ['nodes_splits', splits],
    ['leaf_weights', weights],
  ] as const) {
    for (const [index, value] of values.entries()) {
      if (!Number.isFinite(value)) refuse(`${name}[${index}] is not a finite number`);
    }
  }

  // Shared by all trees: a node or leaf may belong to one tree only.
  const taken = { nodes: new Uint8Array(count), leaves: new Uint8Array(weights.length) };
  const trees = roots.map((root, index) => readTree(`tree ${index}`, root, arrays, taken, columns, limits));
  if (taken.nodes.includes(0)) refuse(`no tree reaches node ${taken.nodes.indexOf(0)}`);
  if (taken.leaves.includes(0)) refuse(`no tree reaches leaf ${taken.leaves.indexOf(0)}`);
  return { trees, offset: 0, postTransform: 'NONE' };
}

interface NodeArrays {
  readonly feature: readonly number[];
  readonly modes: Uint8Array;
  readonly splits: Float32Array;
  readonly missing: readonly number[];
  /** True and false. */
  readonly sides: readonly [Side, Side];
  readonly weights: Float32Array;
  readonly sets: ReadonlyMap<number, readonly number[]>;
}

interface Side {
  readonly ids: readonly number[];
  readonly leaf: readonly number[];
}

function readTree(
  name: string,
  root: number,
  arrays: NodeArrays,
  taken: { readonly nodes: Uint8Array; readonly leaves: Uint8Array },
  columns: number,
  limits: TreeLimits,
): Tree {
  const { weights, sides } = arrays;
  const only = sides.map(({ ids, leaf }) => (leaf[root] === 1 ? ids[root] : undefined));
  const take = (what: 'nodes' | 'leaves', id: number): void => {
    const marks = taken[what];
    if (!(Number.isInteger(id) && id >= 0 && id < marks.length)) {
      refuse(`${name} refers to ${what} ${id}, which does not exist`);
    }
    if (marks[id] === 1) refuse(`${name} reaches ${what} ${id} twice: a cycle or a shared node`);
    marks[id] = 1;
  };
  const count = arrays.modes.length;
  take('nodes', root);
  if (only[0] !== undefined && only[0] === only[1]) {
    take('leaves', only[0]);
    return buildLeafTree(weights[only[0]] as number);
  }
  // Leaves are numbered behind the nodes.
  const nodes = new Map<number, TreeNode>();
  const waiting = [root];
  for (let place = 0; place < waiting.length; place += 1) {
    const id = waiting[place] as number;
    const children = sides.map(({ ids, leaf }) => {
      const child = ids[id] as number;
      if (leaf[id] !== 0 && leaf[id] !== 1) refuse(`${name} has a node ${id} that may be a leaf`);
      take(leaf[id] === 1 ? 'leaves' : 'nodes', child);
      if (leaf[id] !== 1) {
        waiting.push(child);
        return child;
      }
      const value = weights[child] as number;
      nodes.set(count + child, { feature: -1, threshold: 0, yes: 0, no: 0, missingYes: false, value });
      return count + child;
    }) as [number, number];
    nodes.set(id, readInnerNode(name, id, children, arrays, columns));
  }
  return layOutTree(name, nodes, root, limits.maxTreeDepth);
}

function readInnerNode(
  name: string,
  id: number,
  [whenTrue, whenFalse]: readonly [number, number],
  { feature, modes, splits, missing, sets }: NodeArrays,
  columns: number,
): TreeNode {
  const column = feature[id] as number;
  if (!(Number.isInteger(column) && column >= 0 && column < columns)) {
    refuse(`node ${id} of ${name} reads feature ${column} of ${columns}`);
  }
  const missingTrue = missing[id] === 1;
  const set = sets.get(id);
  if (set !== undefined) {
    return {
      feature: column,
      threshold: 0,
      yes: whenFalse,
      no: whenTrue,
      missingYes: !missingTrue,
      value: 0,
      categories: set,
    };
  }
  const split = splits[id] as number;
  if (modes[id] !== below && modes[id] !== atMost) {
    refuse(`node ${id} of ${name} has the mode ${modes[id] ?? ''}, which is not supported`);
  }
  return {
    feature: column,
    threshold: modes[id] === below ? split : nextUp(split),
    yes: whenTrue,
    no: whenFalse,
    missingYes: missingTrue,
    value: 0,
  };
}

/** The sets of `membership_values`, one for each node that asks for one, in their order, each ended by a NaN. */
function readSets(
  modes: Uint8Array,
  attributes: ReadonlyMap<string, Onnx.IAttributeProto>,
): ReadonlyMap<number, readonly number[]> {
  const asking = [...modes.keys()].filter((id) => modes[id] === member);
  const sets = new Map<number, readonly number[]>();
  if (asking.length === 0) return sets;
  let set: number[] = [];
  for (const value of readFloats('membership_values', attributes)) {
    if (Number.isNaN(value)) {
      const id = asking[sets.size] ?? refuse('it has more sets of categories than nodes that ask for one');
      if (set.length === 0) refuse(`the set of node ${id} is empty`);
      set.sort((a, b) => a - b);
      if (set.some((category, index) => category === set[index + 1])) {
        refuse(`the set of node ${id} has a category twice`);
      }
      sets.set(id, set);
      set = [];
      continue;
    }
    if (!(Number.isInteger(value) && value >= 0 && value < categoryLimit)) {
      refuse(`the category ${value} is not a whole number below ${categoryLimit}`);
    }
    set.push(value);
  }
  if (set.length > 0 || sets.size !== asking.length) {
    refuse(`it has ${sets.size} sets of categories for ${asking.length} nodes that ask for one`);
  }
  return sets;
}

function requireTensor(
  name: string,
  attributes: ReadonlyMap<string, Onnx.IAttributeProto>,
  type: number,
): Onnx.ITensorProto {
  const tensor = attributes.get(name)?.t ?? refuse(`a tree node has no ${name}`);
  if (tensor.dataType !== type) refuse(`${name} has the element type ${tensor.dataType ?? 0}`);
  return tensor;
}

function readFloats(name: string, attributes: ReadonlyMap<string, Onnx.IAttributeProto>): Float32Array {
  const { rawData, floatData } = requireTensor(name, attributes, DataType.FLOAT);
  if (rawData && rawData.length > 0) return new Float32Array(Uint8Array.from(rawData).buffer);
  return Float32Array.from(floatData ?? []);
}

function readBytes(name: string, attributes: ReadonlyMap<string, Onnx.IAttributeProto>): Uint8Array {
  const { rawData, int32Data } = requireTensor(name, attributes, DataType.UINT8);
  return rawData && rawData.length > 0 ? rawData : Uint8Array.from(int32Data ?? []);
}
