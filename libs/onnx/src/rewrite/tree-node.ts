import { type onnx as Onnx } from 'onnx-proto';
import { floatsAttribute, intsAttribute, stringsAttribute } from '../build/attributes.js';
import { operatorOf } from './graph-names.js';

/** What a leaf adds, and to which targets (of a regressor) or classes (of a classifier). */
export interface LeafWeight {
  readonly target: number;
  readonly weight: number;
}

export type TreePart =
  | { readonly kind: 'leaf'; readonly weights: readonly LeafWeight[] }
  | {
      readonly kind: 'split';
      readonly mode: string;
      readonly feature: number;
      readonly threshold: number;
      /** Whether a missing value goes where the condition holds. */
      readonly missingYes: boolean;
      readonly yes: TreePart;
      readonly no: TreePart;
    };

export interface TreeNodeTrees {
  /** Attributes that are not about single nodes: targets, aggregate function, post transform, base values. */
  readonly rest: readonly Onnx.IAttributeProto[];
  readonly leafPrefix: 'target' | 'class';
  readonly trees: readonly { readonly id: number; readonly root: TreePart }[];
  readonly nodes: number;
}

/** More than admission accepts. Bounds the recursion of a walk over a tree. */
const deepest = 1_000;

const nodeLists = [
  'nodes_treeids',
  'nodes_nodeids',
  'nodes_featureids',
  'nodes_values',
  'nodes_modes',
  'nodes_truenodeids',
  'nodes_falsenodeids',
  'nodes_missing_value_tracks_true',
  'nodes_hitrates',
];
const leafLists = ['treeids', 'nodeids', 'ids', 'weights'];

export function isTreeNode(node: Onnx.INodeProto): boolean {
  return operatorOf(node).startsWith('ai.onnx.ml/TreeEnsemble');
}

/**
 * The trees of a TreeEnsembleRegressor or TreeEnsembleClassifier, with any number of targets. Answers the reason instead
 * when they are kept in a way that is not read here: TreeEnsemble of ai.onnx.ml 5, double attributes, lists of different lengths, a node that is shared,
 * missing or its own ancestor.
 */
export function readTrees(node: Onnx.INodeProto): TreeNodeTrees | string {
  if (node.opType === 'TreeEnsemble') return 'its trees are kept in the form of opset 5';
  const attributes = new Map((node.attribute ?? []).map((attribute) => [attribute.name ?? '', attribute]));
  const leafPrefix = node.opType === 'TreeEnsembleClassifier' ? 'class' : 'target';
  const own = new Set([...nodeLists, ...leafLists.map((name) => `${leafPrefix}_${name}`)]);
  if ([...attributes.keys()].some((name) => name.endsWith('_as_tensor'))) {
    return 'its numbers are double precision';
  }
  const ints = (name: string): readonly number[] => (attributes.get(name)?.ints ?? []).map(Number);
  const floats = (name: string): readonly number[] => attributes.get(name)?.floats ?? [];
  const modes = (attributes.get('nodes_modes')?.strings ?? []).map((mode) =>
    Buffer.from(mode).toString('utf8'),
  );
  const treeIds = ints('nodes_treeids');
  const [nodeIds, features, yes, no] = [
    ints('nodes_nodeids'),
    ints('nodes_featureids'),
    ints('nodes_truenodeids'),
    ints('nodes_falsenodeids'),
  ];
  const thresholds = floats('nodes_values');
  const missing = ints('nodes_missing_value_tracks_true');
  if ([nodeIds, features, yes, no, thresholds, modes].some((list) => list.length !== treeIds.length)) {
    return 'its lists have different lengths';
  }
  const places = new Map(treeIds.map((tree, place) => [`${tree}/${nodeIds[place] ?? ''}`, place]));
  const weights = new Map<string, LeafWeight[]>();
  const targets = ints(`${leafPrefix}_ids`);
  const leafNodes = ints(`${leafPrefix}_nodeids`);
  const leafWeights = floats(`${leafPrefix}_weights`);
  for (const [index, tree] of ints(`${leafPrefix}_treeids`).entries()) {
    const key = `${tree}/${leafNodes[index] ?? ''}`;
    const leaf = weights.get(key) ?? [];
    leaf.push({ target: targets[index] ?? 0, weight: leafWeights[index] ?? 0 });
    weights.set(key, leaf);
  }
  const seen = new Set<string>();
  const walk = (tree: number, id: number, depth: number): TreePart | string => {
    const key = `${tree}/${id}`;
    const place = places.get(key);
    if (place === undefined || seen.has(key)) return `node ${key} is missing or shared`;
    if (depth > deepest) return `tree ${tree} is deeper than ${deepest} levels`;
    seen.add(key);
    const mode = modes[place] ?? '';
    if (mode === 'LEAF') return { kind: 'leaf', weights: weights.get(key) ?? [] };
    const left = walk(tree, yes[place] ?? -1, depth + 1);
    const right = walk(tree, no[place] ?? -1, depth + 1);
    if (typeof left === 'string') return left;
    if (typeof right === 'string') return right;
    return {
      kind: 'split',
      mode,
      feature: features[place] ?? 0,
      threshold: thresholds[place] ?? 0,
      missingYes: missing[place] === 1,
      yes: left,
      no: right,
    };
  };
  const trees: { id: number; root: TreePart }[] = [];
  for (const [place, id] of treeIds.entries()) {
    // A runtime starts at the first listed node of a tree.
    if (trees.some((tree) => tree.id === id)) continue;
    const root = walk(id, nodeIds[place] ?? 0, 0);
    if (typeof root === 'string') return root;
    trees.push({ id, root });
  }
  const rest = [...attributes].flatMap(([name, attribute]) => (own.has(name) ? [] : [attribute]));
  return { rest, leafPrefix, trees, nodes: treeIds.length };
}

/** The node with these trees instead of its own; nodes numbered from the root, parents before children. */
export function writeTrees(
  node: Onnx.INodeProto,
  { rest, leafPrefix, trees }: TreeNodeTrees,
): Onnx.INodeProto {
  const rows: { tree: number; id: number; part: TreePart; yes: number; no: number }[] = [];
  for (const { id: tree, root } of trees) {
    const queue: TreePart[] = [root];
    for (let id = 0; id < queue.length; id += 1) {
      const part = queue[id] as TreePart;
      const next = queue.length;
      if (part.kind === 'split') queue.push(part.yes, part.no);
      rows.push({
        tree,
        id,
        part,
        yes: part.kind === 'split' ? next : 0,
        no: part.kind === 'split' ? next + 1 : 0,
      });
    }
  }
  const splitOr = <T>(pick: (split: Extract<TreePart, { kind: 'split' }>) => T, leaf: T): T[] =>
    rows.map(({ part }) => (part.kind === 'split' ? pick(part) : leaf));
  const leaves = rows.flatMap(({ tree, id, part }) =>
    part.kind === 'leaf' ? part.weights.map((weight) => ({ tree, id, ...weight })) : [],
  );
  const column = (list: string): string => `${leafPrefix}_${list}`;
  return {
    ...node,
    attribute: [
      intsAttribute(
        'nodes_treeids',
        rows.map(({ tree }) => tree),
      ),
      intsAttribute(
        'nodes_nodeids',
        rows.map(({ id }) => id),
      ),
      intsAttribute(
        'nodes_featureids',
        splitOr(({ feature }) => feature, 0),
      ),
      floatsAttribute(
        'nodes_values',
        splitOr(({ threshold }) => threshold, 0),
      ),
      stringsAttribute(
        'nodes_modes',
        splitOr(({ mode }) => mode, 'LEAF'),
      ),
      intsAttribute(
        'nodes_truenodeids',
        rows.map(({ yes }) => yes),
      ),
      intsAttribute(
        'nodes_falsenodeids',
        rows.map(({ no }) => no),
      ),
      intsAttribute(
        'nodes_missing_value_tracks_true',
        splitOr(({ missingYes }) => +missingYes, 0),
      ),
      intsAttribute(
        column('treeids'),
        leaves.map(({ tree }) => tree),
      ),
      intsAttribute(
        column('nodeids'),
        leaves.map(({ id }) => id),
      ),
      intsAttribute(
        column('ids'),
        leaves.map(({ target }) => target),
      ),
      floatsAttribute(
        column('weights'),
        leaves.map(({ weight }) => weight),
      ),
      ...rest,
    ],
  };
}

export function sizeOfTree(part: TreePart): number {
  return part.kind === 'leaf' ? 1 : 1 + sizeOfTree(part.yes) + sizeOfTree(part.no);
}
