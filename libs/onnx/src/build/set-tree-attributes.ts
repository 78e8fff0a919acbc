import { type onnx as Onnx } from 'onnx-proto';
import { refuse, type TreeEnsemble } from '../trees/tree-ensemble.js';
import { intAttribute, intsAttribute, tensorAttribute } from './attributes.js';
import { bytesTensor, floatTensor } from './tensors.js';

/** The comparisons of TreeEnsemble in use. */
const mode = { belowThreshold: 1, memberOfSet: 6 } as const;

/**
 * Trees as attributes of TreeEnsemble (ai.onnx.ml 5): inner nodes and leaves in arrays of their own, numbered through all
 * trees. A node with categories asks whether the value is in its set, so its true side is `no`. A tree of a single leaf
 * becomes a node whose two sides are that leaf, because a root must be a node. This operator does not have base values.
 */
export function buildSetTreeAttributes(
  name: string,
  { trees, offset }: TreeEnsemble,
): Onnx.IAttributeProto[] {
  if (offset !== 0) refuse(`${name} has an offset beside categories; make it a tree of a single leaf`);
  const roots: number[] = [];
  const nodes = {
    feature: [] as number[],
    mode: [] as number[],
    split: [] as number[],
    missingTrue: [] as number[],
    trueId: [] as number[],
    trueLeaf: [] as number[],
    falseId: [] as number[],
    falseLeaf: [] as number[],
  };
  const weights: number[] = [];
  const members: number[] = [];
  for (const [index, tree] of trees.entries()) {
    const isLeaf = (node: number): boolean => (tree.feature[node] as number) < 0;
    const places = Array.from(tree.feature, () => 0);
    let next = nodes.mode.length;
    for (const node of places.keys()) {
      if (!isLeaf(node)) {
        places[node] = next;
        next += 1;
        continue;
      }
      places[node] = weights.length;
      weights.push(tree.value[node] as number);
    }
    const append = (node: number, yes: number, no: number): void => {
      const set = tree.categories?.get(node);
      if (set?.length === 0) refuse(`tree ${index} of ${name} has an empty set of categories`);
      const missingYes = tree.missingYes[node] === 1;
      const [whenTrue, whenFalse] = set === undefined ? [yes, no] : [no, yes];
      if (set !== undefined) members.push(...set, Number.NaN);
      nodes.feature.push(Math.max(0, tree.feature[node] as number));
      nodes.mode.push(set === undefined ? mode.belowThreshold : mode.memberOfSet);
      nodes.split.push(tree.threshold[node] as number);
      nodes.missingTrue.push((set === undefined) === missingYes ? 1 : 0);
      nodes.trueId.push(places[whenTrue] as number);
      nodes.trueLeaf.push(isLeaf(whenTrue) ? 1 : 0);
      nodes.falseId.push(places[whenFalse] as number);
      nodes.falseLeaf.push(isLeaf(whenFalse) ? 1 : 0);
    };
    roots.push(nodes.mode.length);
    if (isLeaf(0)) append(0, 0, 0);
    else {
      for (const node of places.keys()) {
        if (!isLeaf(node)) append(node, tree.yes[node] as number, tree.no[node] as number);
      }
    }
  }
  const count = nodes.mode.length;
  return [
    intsAttribute('tree_roots', roots),
    intsAttribute('nodes_featureids', nodes.feature),
    tensorAttribute('nodes_modes', bytesTensor('nodes_modes', [count], nodes.mode)),
    tensorAttribute('nodes_splits', floatTensor('nodes_splits', [count], nodes.split)),
    intsAttribute('nodes_missing_value_tracks_true', nodes.missingTrue),
    intsAttribute('nodes_truenodeids', nodes.trueId),
    intsAttribute('nodes_trueleafs', nodes.trueLeaf),
    intsAttribute('nodes_falsenodeids', nodes.falseId),
    intsAttribute('nodes_falseleafs', nodes.falseLeaf),
    intsAttribute(
      'leaf_targetids',
      weights.map(() => 0),
    ),
    tensorAttribute('leaf_weights', floatTensor('leaf_weights', [weights.length], weights)),
    tensorAttribute('membership_values', floatTensor('membership_values', [members.length], members)),
    intAttribute('n_targets', 1),
    intAttribute('aggregate_function', 1),
    intAttribute('post_transform', 0),
  ];
}
