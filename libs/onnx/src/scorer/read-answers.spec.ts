import { SeededRandom } from '@headrace/kernel';
import onnxProto, { type onnx as Onnx } from 'onnx-proto';
import { describe, expect, it } from 'vitest';
import { buildEnsembleModel, type EnsembleMember } from '../build/build-ensemble-model.js';
import { int64Tensor } from '../build/tensors.js';
import { checkModel } from '../admission/check-model.js';
import { foldConstants } from '../rewrite/fold-constants.js';
import { pruneTrees } from '../rewrite/prune-trees.js';
import { removeDeadCode } from '../rewrite/remove-dead-code.js';
import { rewriteModel } from '../rewrite/rewrite-model.js';
import { randomEnsemble } from '../testing/random-ensemble.js';
import { type TreeEnsemble } from '../trees/tree-ensemble.js';

const { onnx } = onnxProto;
const random = new SeededRandom(3);
const margins = [0, 1, 2].map((): TreeEnsemble => ({
  ...randomEnsemble(random, { trees: 3, depth: 3, features: 2, bins: 5 }),
  link: 'identity',
}));
const featureNames = ['f0', 'f1'];

type ClassesMember = Extract<EnsembleMember, { kind: 'classes' }>;

function fileOf(more: Partial<ClassesMember> = {}): Uint8Array {
  const member: ClassesMember = {
    kind: 'classes',
    name: 'xgboost',
    weight: 1,
    classes: margins,
    classNames: ['a', 'b', 'c'],
    positive: [0, 2],
    ...more,
  };
  return buildEnsembleModel({ featureNames, members: [member] });
}

function changed(change: (graph: Onnx.GraphProto) => void): Uint8Array {
  const model = onnx.ModelProto.decode(fileOf());
  change(model.graph as Onnx.GraphProto);
  return onnx.ModelProto.encode(model).finish();
}

const nodeOf = (graph: Onnx.GraphProto, opType: string): Onnx.INodeProto =>
  graph.node.find((node) => node.opType === opType)!;

describe('readAnswers', () => {
  it('reads classes back as they were written, each with its outputs', () => {
    expect(checkModel(fileOf())).toMatchObject({
      trees: undefined,
      classes: {
        featureNames,
        margins,
        outputs: [
          { name: 'probability', classes: [0, 2] },
          { name: 'xgboost', classes: [0, 2] },
          { name: 'xgboost.a', classes: [0] },
          { name: 'xgboost.b', classes: [1] },
          { name: 'xgboost.c', classes: [2] },
        ],
      },
    });
  });

  it('reads classes also after the rewrites that every model gets', () => {
    const rewrites = [foldConstants(), removeDeadCode(), pruneTrees()];
    expect(checkModel(rewriteModel(fileOf(), rewrites).bytes).classes?.margins).toHaveLength(3);
  });

  const others: readonly (readonly [string, Uint8Array])[] = [
    ['a calibrated member', fileOf({ calibration: { method: 'platt', slope: 2, intercept: 0 } })],
    [
      'shares along the rows',
      changed((graph) => {
        nodeOf(graph, 'Softmax').attribute![0]!.i = 0;
      }),
    ],
    [
      'margins below one another',
      changed((graph) => {
        nodeOf(graph, 'Concat').attribute![0]!.i = 0;
      }),
    ],
    [
      'margins that lie along the rows',
      changed((graph) => {
        const axes = graph.initializer.findIndex(({ name }) => name === 'axis1');
        graph.initializer[axes] = onnx.TensorProto.create(int64Tensor('axis1', [1], [0]));
      }),
    ],
    [
      'half a class',
      changed((graph) => {
        const picked = graph.initializer.find(({ name }) => name === 'xgboost/positive/picked')!;
        picked.rawData = new Uint8Array(Float32Array.of(0.5, 0, 1).buffer);
      }),
    ],
    [
      'a margin among the answers',
      changed((graph) => {
        const answer = graph.node.find(({ output }) => output?.[0] === 'xgboost.a')!;
        answer.input = ['xgboost/class0/margin'];
      }),
    ],
  ];
  it.each(others)('leaves %s to onnxruntime', (_, bytes) => {
    expect(checkModel(bytes)).toMatchObject({ trees: undefined, classes: undefined });
  });

  it.each([
    ['two names for three classes', { classNames: ['a', 'b'] }, /names 2 classes and has 3/],
    ['a name twice', { classNames: ['a', 'b', 'a'] }, /cannot name a class "a"/],
    ['a name with a dot', { classNames: ['a', 'b', 'c.d'] }, /cannot name a class "c.d"/],
  ] as const)('is never asked about %s: the file is not written', (_, more, reason) => {
    expect(() => fileOf(more)).toThrow(reason);
  });
});
