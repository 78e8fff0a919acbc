import { SeededRandom } from '@headrace/kernel';
import onnxProto, { type onnx as Onnx } from 'onnx-proto';
import { describe, expect, it } from 'vitest';
import { buildTreeModel } from '../build/build-tree-model.js';
import { checkModel, defaultModelLimits, readTreeEnsemble } from './check-model.js';
import { randomEnsemble } from '../testing/random-ensemble.js';
import { ModelRefusedError } from '../trees/tree-ensemble.js';

const { onnx } = onnxProto;
const ensemble = randomEnsemble(new SeededRandom(11), { trees: 3, depth: 3, features: 4 });
const file = buildTreeModel(ensemble, { metadata: { trainingSetDigest: 'sha256:00' } });

/** The file after `change` was made to its decoded form. */
function changeModel(change: (model: Onnx.ModelProto, graph: Onnx.GraphProto) => void): Uint8Array {
  const model = onnx.ModelProto.decode(file);
  change(model, model.graph as Onnx.GraphProto);
  return onnx.ModelProto.encode(model).finish();
}

function changeTrees(name: string, change: (attribute: Onnx.AttributeProto) => void): Uint8Array {
  return changeModel((_, graph) => {
    change(graph.node[0]!.attribute!.find((attribute) => attribute.name === name) as Onnx.AttributeProto);
  });
}

const subgraph = { name: 'body', type: onnx.AttributeProto.AttributeType.GRAPH, g: { name: 'hidden' } };

describe('checkModel', () => {
  it('tells what a model takes, answers and was trained on', () => {
    const model = checkModel(file);
    expect(model.inputs).toEqual([{ name: 'features', datatype: 'FP32', shape: [-1, 4] }]);
    expect(model.outputs).toEqual([
      { name: 'probability', datatype: 'FP32', shape: [-1] },
      { name: 'xgboost', datatype: 'FP32', shape: [-1] },
    ]);
    expect(model.featureNames).toEqual(['f0', 'f1', 'f2', 'f3']);
    expect(model.metadata).toMatchObject({ trainingSetDigest: 'sha256:00' });
    expect(model.operators).toEqual(['Identity', 'Reshape', 'Sigmoid', 'TreeEnsembleRegressor']);
    expect(model.trees).toEqual(ensemble);
  });

  it('reads the inclusive comparison of other exporters as the exclusive one of the next number', () => {
    const inclusive = changeTrees('nodes_modes', (modes) => {
      modes.strings = modes.strings.map((mode) =>
        Buffer.from(mode).toString() === 'LEAF' ? mode : Buffer.from('BRANCH_LEQ'),
      );
    });
    const [tree] = ensemble.trees;
    const threshold = tree!.threshold[0]!;
    const [read] = readTreeEnsemble(inclusive).trees;
    expect(threshold < read!.threshold[0]!).toBe(true);
    expect(read!.threshold[0]! - threshold).toBeLessThan(1e-6);
  });

  it('keeps a graph that is more than trees for onnxruntime', () => {
    const wider = changeModel((model, graph) => {
      model.metadataProps = model.metadataProps.filter(({ key }) => key !== 'headrace.signature');
      graph.node.push(
        new onnx.NodeProto({ opType: 'Mul', input: ['xgboost', 'xgboost'], output: ['squared'] }),
      );
      graph.output[0]!.name = 'squared';
      graph.output.push(new onnx.ValueInfoProto({ ...graph.output[1], name: 'probability' }));
    });
    expect(checkModel(wider).trees).toBeUndefined();
  });

  const refused: readonly (readonly [string, Uint8Array, RegExp])[] = [
    ['an empty file', new Uint8Array(0), /empty/],
    ['text', Buffer.from('not a model'), /not an ONNX file|has no graph/],
    ['a pickle', Buffer.from('80049528000000000000008c05706f736978948c06737973', 'hex'), /./],
    [
      'data outside the file',
      changeModel((_, graph) => {
        graph.initializer[0]!.dataLocation = onnx.TensorProto.DataLocation.EXTERNAL;
        graph.initializer[0]!.externalData = [{ key: 'location', value: '../../etc/passwd' }];
      }),
      /outside the file/,
    ],
    [
      'an operator that has lost all its inputs',
      changeModel((_, graph) => {
        graph.node.push(new onnx.NodeProto({ opType: 'Add', input: [], output: ['nothing'] }));
      }),
      /\/Add reads nothing/,
    ],
    ...[
      { opType: 'Max', input: ['features', ''], place: 1 },
      { opType: 'Concat', input: ['', 'features'], place: 0 },
      { opType: 'Slice', input: ['features', '', 'features'], place: 1 },
      { opType: 'Clip', input: ['', 'features'], place: 0 },
    ].map(({ opType, input, place }) => {
      const file = changeModel((_, graph) => {
        graph.node.push(new onnx.NodeProto({ opType, input, output: ['nothing'] }));
      });
      return [
        `${opType} of ${JSON.stringify(input)}`,
        file,
        new RegExp(`leaves out its input ${place}`),
      ] as const;
    }),
    [
      'a tensor that is larger than it says',
      changeModel((_, graph) => (graph.initializer[0]!.dims = [3])),
      /declares 3/,
    ],
    [
      'a tensor of 2^40 elements',
      changeModel((_, graph) => (graph.initializer[0]!.dims = [2 ** 40])),
      /more than/,
    ],
    [
      'an operator of its own',
      changeModel((_, graph) => (graph.node[1]!.domain = 'evil')),
      /"evil\/Reshape" is not allowed/,
    ],
    [
      'imported foreign operators',
      changeModel((model) =>
        model.opsetImport.push(onnx.OperatorSetIdProto.create({ domain: 'com.microsoft', version: 1 })),
      ),
      /com\.microsoft/,
    ],
    ['control flow', changeModel((_, graph) => (graph.node[1]!.opType = 'Loop')), /Loop/],
    [
      'a graph hidden in an attribute',
      changeModel((_, graph) => (graph.node[1]!.attribute = [subgraph])),
      /more than a plain value/,
    ],
    [
      'its own functions',
      changeModel((model) => model.functions.push(onnx.FunctionProto.create({ name: 'f' }))),
      /functions/,
    ],
    [
      'a cycle of operators',
      changeModel((_, graph) => (graph.node[1]!.input = ['probability'])),
      /before it is made/,
    ],
    [
      'a cycle in a tree',
      changeTrees('nodes_truenodeids', (ids) => (ids.ints[1] = 0)),
      /no root|twice|roots|begin with its root/,
    ],
    [
      'a shared node',
      changeTrees('nodes_falsenodeids', (ids) => {
        ids.ints[0] = Number(ids.ints[1]);
      }),
      /twice|roots/,
    ],
    ['a child that is not there', changeTrees('nodes_truenodeids', (ids) => (ids.ints[0] = 99)), /99|roots/],
    ['a negative child', changeTrees('nodes_truenodeids', (ids) => (ids.ints[0] = -1)), /-1|roots/],
    ['a feature out of range', changeTrees('nodes_featureids', (ids) => (ids.ints[0] = 4)), /feature 4 of 4/],
    ['a negative feature', changeTrees('nodes_featureids', (ids) => (ids.ints[0] = -1)), /feature -1 of 4/],
    [
      'a threshold that is not a number',
      changeTrees('nodes_values', (values) => (values.floats[0] = NaN)),
      /not a finite/,
    ],
    [
      'an infinite weight',
      changeTrees('target_weights', (values) => (values.floats[0] = Infinity)),
      /not a finite/,
    ],
    [
      'arrays of different lengths',
      changeTrees('nodes_values', (values) => values.floats.pop()),
      /nodes_values has/,
    ],
    [
      'a weight for a node that is not a leaf',
      changeTrees('target_nodeids', (ids) => (ids.ints[0] = 0)),
      /no weight|not a leaf/,
    ],
    [
      'an unknown attribute',
      changeTrees('nodes_values', (values) => (values.name = 'nodes_values_as_tensor')),
      /not supported/,
    ],
    ['another input', changeModel((_, graph) => (graph.input[0]!.name = 'x')), /features/],
    [
      'a default for what the caller gives',
      changeModel((_, graph) =>
        graph.initializer.push(
          onnx.TensorProto.create({ name: 'features', dims: [1, 4], dataType: 1, floatData: [0, 0, 0, 0] }),
        ),
      ),
      /features has a default/,
    ],
    [
      'a signature of another graph',
      changeModel((_, graph) => (graph.input[0]!.type!.tensorType!.shape!.dim![1]!.dimValue = 3)),
      /signature in the metadata is not that of its graph/,
    ],
    ['no probability', changeModel((_, graph) => graph.output.shift()), /no output probability/],
    [
      'fewer names than features',
      changeModel(
        (model) => (model.metadataProps.find(({ key }) => key === 'headrace.featureNames')!.value = '["a"]'),
      ),
      /names 1 features/,
    ],
  ];

  it.each(refused)('refuses %s with its reason', (_, bytes, reason) => {
    expect(() => checkModel(bytes)).toThrow(ModelRefusedError);
    expect(() => checkModel(bytes)).toThrow(reason);
  });

  it('refuses what is larger than its limits', () => {
    expect(() => checkModel(file, { ...defaultModelLimits, maxBytes: 100 })).toThrow(/100 are allowed/);
    expect(() => checkModel(file, { ...defaultModelLimits, maxTreeDepth: 2 })).toThrow(/deeper than 2/);
    expect(() => checkModel(file, { ...defaultModelLimits, maxTrees: 2 })).toThrow(/more than 2 trees/);
    expect(() => checkModel(file, { ...defaultModelLimits, maxTreeNodes: 10 })).toThrow(/tree nodes/);
  });

  it('refuses messages nested without end instead of overflowing the stack', () => {
    // GraphProto (7) > NodeProto (1) > AttributeProto (5) > GraphProto (6) > ... each inside the next.
    let nested = Buffer.alloc(0);
    for (let level = 0; level < 30_000 && nested.length < 4_000_000; level += 1) {
      const length: number[] = [];
      for (let rest = nested.length; ; rest >>>= 7) {
        length.push(rest > 127 ? (rest & 127) | 128 : rest);
        if (rest <= 127) break;
      }
      const tag = [0x0a, 0x2a, 0x32][level % 3]!;
      nested = Buffer.concat([Buffer.from([tag, ...length]), nested]);
    }
    expect(() => checkModel(nested)).toThrow(ModelRefusedError);
  });
});
