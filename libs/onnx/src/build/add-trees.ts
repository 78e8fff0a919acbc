import { type onnx as Onnx } from 'onnx-proto';
import { type Tree, type TreeEnsemble } from '../trees/tree-ensemble.js';
import {
  floatsAttribute,
  intAttribute,
  intsAttribute,
  stringAttribute,
  stringsAttribute,
} from './attributes.js';
import { type GraphBuilder } from './graph-builder.js';
import { type Score } from './add-calibration.js';
import { buildSetTreeAttributes } from './set-tree-attributes.js';

/**
 * The margin of each row of `features`, [n]: a logit, or with the identity link the answer itself. Trees that split by
 * category need the TreeEnsemble of ai.onnx.ml 5, which has sets; the others are written as the TreeEnsembleRegressor of
 * version 3, which more runtimes support. A graph has one version of the operators, chosen by `sets`.
 */
export function addTrees(
  graph: GraphBuilder,
  prefix: string,
  features: string,
  trees: TreeEnsemble,
  sets: boolean,
): Score {
  const column = graph.node(
    sets ? 'TreeEnsemble' : 'TreeEnsembleRegressor',
    [features],
    `${prefix}/margin_column`,
    {
      domain: 'ai.onnx.ml',
      attributes: sets ? buildSetTreeAttributes(prefix, trees) : buildTreeAttributes(trees),
    },
  );
  const margin = graph.node('Reshape', [column, graph.integers('one_per_row', [-1])], `${prefix}/margin`);
  switch (trees.link) {
    case 'sigmoid':
      return { logit: margin };
    case 'exp':
      return { probability: graph.node('Exp', [margin], `${prefix}/mean`) };
    case 'identity':
      return { probability: margin };
  }
}

function buildTreeAttributes({ trees, offset }: TreeEnsemble): Onnx.IAttributeProto[] {
  const every = <T>(pick: (tree: Tree, node: number, index: number) => T): T[] =>
    trees.flatMap((tree, index) => Array.from(tree.feature, (_, node) => pick(tree, node, index)));
  const leaves = trees.flatMap((tree, index) =>
    Array.from(tree.feature, (feature, node) => ({ tree, index, node, feature })).filter(
      ({ feature }) => feature < 0,
    ),
  );
  const isLeaf = (tree: Tree, node: number): boolean => (tree.feature[node] ?? -1) < 0;
  return [
    intsAttribute(
      'nodes_treeids',
      every((_tree, _node, index) => index),
    ),
    intsAttribute(
      'nodes_nodeids',
      every((_tree, node) => node),
    ),
    intsAttribute(
      'nodes_featureids',
      every((tree, node) => Math.max(0, tree.feature[node] ?? 0)),
    ),
    floatsAttribute(
      'nodes_values',
      every((tree, node) => tree.threshold[node] ?? 0),
    ),
    stringsAttribute(
      'nodes_modes',
      every((tree, node) => (isLeaf(tree, node) ? 'LEAF' : 'BRANCH_LT')),
    ),
    intsAttribute(
      'nodes_truenodeids',
      every((tree, node) => tree.yes[node] ?? 0),
    ),
    intsAttribute(
      'nodes_falsenodeids',
      every((tree, node) => tree.no[node] ?? 0),
    ),
    intsAttribute(
      'nodes_missing_value_tracks_true',
      every((tree, node) => tree.missingYes[node] ?? 0),
    ),
    intsAttribute(
      'target_treeids',
      leaves.map(({ index }) => index),
    ),
    intsAttribute(
      'target_nodeids',
      leaves.map(({ node }) => node),
    ),
    intsAttribute(
      'target_ids',
      leaves.map(() => 0),
    ),
    floatsAttribute(
      'target_weights',
      leaves.map(({ tree, node }) => tree.value[node] ?? 0),
    ),
    ...(offset === 0 ? [] : [floatsAttribute('base_values', [offset])]),
    intAttribute('n_targets', 1),
    stringAttribute('aggregate_function', 'SUM'),
    stringAttribute('post_transform', 'NONE'),
  ];
}
