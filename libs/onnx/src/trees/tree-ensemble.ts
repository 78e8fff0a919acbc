import { AppError } from '@headrace/kernel';

/**
 * One regression tree as parallel arrays; node 0 is the root and every child comes after its parent. An inner node
 * sends a row to `yes` when `x < threshold` (float32 on both sides) and to `no` otherwise; a missing value (NaN) goes to
 * `yes` where `missingYes` is 1. A leaf has feature -1 and its value in `value`.
 */
export interface Tree {
  readonly feature: Int32Array;
  readonly threshold: Float32Array;
  readonly yes: Int32Array;
  readonly no: Int32Array;
  readonly missingYes: Uint8Array;
  readonly value: Float32Array;
  /**
   * Inner nodes that split by category instead of threshold, with their categories in ascending order. The category of
   * a row is its value truncated towards zero; it goes to `no` when it is in the list and to `yes` otherwise, also when it is
   * negative, never seen or beyond 2^24. Absent when no node splits by category.
   */
  readonly categories?: ReadonlyMap<number, readonly number[]>;
  /** Steps from the root to the deepest leaf; 0 for a tree that is a single leaf. */
  readonly depth: number;
}

export type Link = 'sigmoid' | 'identity' | 'exp';

/**
 * A sum of trees. The margin of a row is the float32 sum of its leaves in the order of the trees, each addition rounded
 * to float32 as in XGBoost, and then `offset` (0 adds nothing). A base score comes first as a tree of a single leaf,
 * because XGBoost begins its sum with it and floating-point addition is not associative.
 */
export interface TreeEnsemble {
  readonly featureNames: readonly string[];
  readonly trees: readonly Tree[];
  readonly offset: number;
  /** What turns a margin into the model's answer. */
  readonly link: Link;
}

/** A model that cannot be represented or is not safe to run. The message says which part and why. */
export class ModelRefusedError extends AppError {
  readonly code = 'ONNX_MODEL_REFUSED';
  readonly kind = 'invalid';

  constructor(reason: string, options?: { readonly cause?: unknown }) {
    super(`The model is refused: ${reason}`, options);
  }
}

export function refuse(reason: string): never {
  throw new ModelRefusedError(reason);
}

/** One node of a tree while it is built. */
export interface TreeNode {
  readonly feature: number;
  readonly threshold: number;
  readonly yes: number;
  readonly no: number;
  readonly missingYes: boolean;
  readonly value: number;
  /** In ascending order; present when the node splits by category. */
  readonly categories?: readonly number[];
}

/**
 * Lays out the nodes that can be reached from `root`, parents before children. Refuses a node that two parents share, a
 * cycle and a tree deeper than `maxDepth`: the walk visits each node once and keeps its own stack, so that no input makes
 * it recurse or loop.
 */
export function layOutTree(
  name: string,
  nodes: ReadonlyMap<number, TreeNode>,
  root: number,
  maxDepth: number,
): Tree {
  const order: { readonly id: number; readonly depth: number }[] = [{ id: root, depth: 0 }];
  const placeOf = new Map<number, number>([[root, 0]]);
  let depth = 0;
  for (let place = 0; place < order.length; place += 1) {
    const { id, depth: level } = order[place] as { id: number; depth: number };
    const node = nodes.get(id) ?? refuse(`${name} refers to node ${id}, which does not exist`);
    if (level > maxDepth) refuse(`${name} is deeper than ${maxDepth} levels`);
    depth = Math.max(depth, level);
    if (node.feature < 0) continue;
    for (const child of [node.yes, node.no]) {
      if (placeOf.has(child)) refuse(`${name} reaches node ${child} twice: a cycle or a shared node`);
      placeOf.set(child, order.length);
      order.push({ id: child, depth: level + 1 });
    }
  }
  const tree: Tree = {
    feature: new Int32Array(order.length).fill(-1),
    threshold: new Float32Array(order.length),
    yes: new Int32Array(order.length),
    no: new Int32Array(order.length),
    missingYes: new Uint8Array(order.length),
    value: new Float32Array(order.length),
    depth,
  };
  const categories = new Map<number, readonly number[]>();
  for (const [place, { id }] of order.entries()) {
    const node = nodes.get(id) ?? refuse(`${name} refers to node ${id}, which does not exist`);
    tree.value[place] = node.value;
    if (node.feature < 0) continue;
    tree.feature[place] = node.feature;
    tree.threshold[place] = node.threshold;
    tree.yes[place] = placeOf.get(node.yes) ?? 0;
    tree.no[place] = placeOf.get(node.no) ?? 0;
    tree.missingYes[place] = node.missingYes ? 1 : 0;
    if (node.categories !== undefined) categories.set(place, node.categories);
  }
  return categories.size === 0 ? tree : { ...tree, categories };
}

/** A tree that answers `value` for every row. */
export function buildLeafTree(value: number): Tree {
  const nodes = new Map<number, TreeNode>([
    [0, { feature: -1, threshold: 0, yes: 0, no: 0, missingYes: false, value }],
  ]);
  return layOutTree('a constant tree', nodes, 0, 0);
}

/** Whether a row with the value `x` leaves an inner node towards `yes`. */
export function goesYes(tree: Tree, node: number, x: number): boolean {
  if (Number.isNaN(x)) return tree.missingYes[node] === 1;
  const categories = tree.categories?.get(node);
  if (categories === undefined) return x < (tree.threshold[node] as number);
  return !(x >= 0 && categories.includes(Math.trunc(x)));
}

/** Computes the margin of one row by walking the trees: the slow, simple form that the compiled scorer is compared with. */
export function computeMargin(ensemble: TreeEnsemble, features: Float32Array, row = 0): number {
  const start = row * ensemble.featureNames.length;
  let sum = 0;
  for (const tree of ensemble.trees) {
    let node = 0;
    while ((tree.feature[node] as number) >= 0) {
      const x = features[start + (tree.feature[node] as number)] as number;
      node = (goesYes(tree, node, x) ? tree.yes[node] : tree.no[node]) as number;
    }
    sum = Math.fround(sum + (tree.value[node] as number));
  }
  return Math.fround(sum + ensemble.offset);
}

/** The model's answer for a margin. */
export function applyLink(link: Link, margin: number): number {
  switch (link) {
    case 'sigmoid':
      return sigmoid(margin);
    case 'exp':
      return Math.fround(Math.exp(margin));
    case 'identity':
      return margin;
  }
}

/** The logistic function rounded to float32. */
export function sigmoid(margin: number): number {
  return Math.fround(1 / (1 + Math.exp(-margin)));
}
