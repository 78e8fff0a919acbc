import onnxProto, { type onnx as Onnx } from 'onnx-proto';
import { readXgboostJson } from './read-xgboost-json.js';
import { refuse, type Tree, type TreeEnsemble } from './tree-ensemble.js';

const { onnx } = onnxProto;
const { AttributeType } = onnx.AttributeProto;
const float = onnx.TensorProto.DataType.FLOAT;

export interface TreeModelOptions {
  /** Order of the columns of the input tensor. */
  readonly featureNames: readonly string[];
  /** Name of the output of this member of the ensemble. Default `xgboost`. */
  readonly member?: string;
  /** Written into the file as `headrace.<name>`, for example `trainingSetDigest`. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * An ONNX file from a booster saved as JSON: input `features` FP32 [n, f], outputs `probability` FP32 [n] and the
 * member's own output. Equal boosters give equal bytes, so that the digest names the model.
 */
export function treeEnsembleFromXgboostJson(
  modelJson: string | Uint8Array | object,
  options: TreeModelOptions,
): Uint8Array {
  return buildTreeModel(readXgboostJson(modelJson, options.featureNames), options);
}

export function buildTreeModel(
  ensemble: TreeEnsemble,
  { member = 'xgboost', metadata = {} }: Omit<TreeModelOptions, 'featureNames'> = {},
): Uint8Array {
  if (member === '' || member === 'features' || member === 'probability')
    refuse(`a member cannot be named ${JSON.stringify(member)}`);
  const columns = ensemble.featureNames.length;
  const linked = ensemble.link === 'sigmoid' ? `${member}_linked` : `${member}_margin`;
  const properties: Readonly<Record<string, string>> = {
    ...metadata,
    featureNames: JSON.stringify(ensemble.featureNames),
    members: JSON.stringify([{ name: member, kind: 'trees' }]),
    signature: JSON.stringify({
      inputs: [{ name: 'features', datatype: 'FP32', shape: [-1, columns] }],
      outputs: ['probability', member].map((name) => ({ name, datatype: 'FP32', shape: [-1] })),
    }),
  };
  const model = onnx.ModelProto.create({
    irVersion: 8,
    producerName: 'headrace',
    opsetImport: [
      { domain: '', version: 13 },
      { domain: 'ai.onnx.ml', version: 3 },
    ],
    metadataProps: Object.entries(properties)
      .map(([key, value]) => ({ key: `headrace.${key}`, value }))
      .sort((a, b) => (a.key < b.key ? -1 : 1)),
    graph: {
      name: member,
      node: [
        {
          name: `${member}_trees`,
          opType: 'TreeEnsembleRegressor',
          domain: 'ai.onnx.ml',
          input: ['features'],
          output: [`${member}_margin`],
          attribute: treeAttributes(ensemble),
        },
        ...(ensemble.link === 'sigmoid'
          ? [{ name: `${member}_sigmoid`, opType: 'Sigmoid', input: [`${member}_margin`], output: [linked] }]
          : []),
        { name: `${member}_column`, opType: 'Reshape', input: [linked, 'one_per_row'], output: [member] },
        { name: 'probability_of_members', opType: 'Identity', input: [member], output: ['probability'] },
      ],
      initializer: [
        { name: 'one_per_row', dims: [1], dataType: onnx.TensorProto.DataType.INT64, int64Data: [-1] },
      ],
      input: [tensorInfo('features', [{ dimParam: 'n' }, { dimValue: columns }])],
      output: ['probability', member].map((name) => tensorInfo(name, [{ dimParam: 'n' }])),
    },
  });
  return onnx.ModelProto.encode(model).finish();
}

function tensorInfo(name: string, dim: Onnx.TensorShapeProto.IDimension[]): Onnx.IValueInfoProto {
  return { name, type: { tensorType: { elemType: float, shape: { dim } } } };
}

function treeAttributes({ trees, offset }: TreeEnsemble): Onnx.IAttributeProto[] {
  const every = <T>(pick: (tree: Tree, node: number, index: number) => T): T[] =>
    trees.flatMap((tree, index) => Array.from(tree.feature, (_, node) => pick(tree, node, index)));
  const leaves = trees.flatMap((tree, index) =>
    Array.from(tree.feature, (feature, node) => ({ tree, index, node, feature })).filter(
      ({ feature }) => feature < 0,
    ),
  );
  const isLeaf = (tree: Tree, node: number): boolean => (tree.feature[node] ?? -1) < 0;
  return [
    ints(
      'nodes_treeids',
      every((_tree, _node, index) => index),
    ),
    ints(
      'nodes_nodeids',
      every((_tree, node) => node),
    ),
    ints(
      'nodes_featureids',
      every((tree, node) => Math.max(0, tree.feature[node] ?? 0)),
    ),
    floats(
      'nodes_values',
      every((tree, node) => tree.threshold[node] ?? 0),
    ),
    strings(
      'nodes_modes',
      every((tree, node) => (isLeaf(tree, node) ? 'LEAF' : 'BRANCH_LT')),
    ),
    ints(
      'nodes_truenodeids',
      every((tree, node) => tree.yes[node] ?? 0),
    ),
    ints(
      'nodes_falsenodeids',
      every((tree, node) => tree.no[node] ?? 0),
    ),
    ints(
      'nodes_missing_value_tracks_true',
      every((tree, node) => tree.missingYes[node] ?? 0),
    ),
    ints(
      'target_treeids',
      leaves.map(({ index }) => index),
    ),
    ints(
      'target_nodeids',
      leaves.map(({ node }) => node),
    ),
    ints(
      'target_ids',
      leaves.map(() => 0),
    ),
    floats(
      'target_weights',
      leaves.map(({ tree, node }) => tree.value[node] ?? 0),
    ),
    ...(offset === 0 ? [] : [floats('base_values', [offset])]),
    { name: 'n_targets', type: AttributeType.INT, i: 1 },
    { name: 'aggregate_function', type: AttributeType.STRING, s: Buffer.from('SUM') },
    { name: 'post_transform', type: AttributeType.STRING, s: Buffer.from('NONE') },
  ];
}

function ints(name: string, values: number[]): Onnx.IAttributeProto {
  return { name, type: AttributeType.INTS, ints: values };
}

function floats(name: string, values: number[]): Onnx.IAttributeProto {
  return { name, type: AttributeType.FLOATS, floats: values };
}

function strings(name: string, values: string[]): Onnx.IAttributeProto {
  return { name, type: AttributeType.STRINGS, strings: values.map((value) => Buffer.from(value)) };
}
