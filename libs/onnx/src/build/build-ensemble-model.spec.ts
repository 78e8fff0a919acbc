import { SeededRandom } from '@headrace/kernel';
import { describe, expect, it } from 'vitest';
import { checkModel } from '../admission/check-model.js';
import { buildAbsentSequence } from '../admission/read-signature.js';
import { lstmByHand, randomLstm } from '../testing/lstm-by-hand.js';
import { randomEnsemble } from '../testing/random-ensemble.js';
import { runGraph } from '../testing/run-in-onnxruntime.js';
import { computeMargin } from '../trees/tree-ensemble.js';
import { type Calibration } from './add-calibration.js';
import { type DenseNetwork } from './add-dense.js';
import { type LstmWeights } from './add-lstm.js';
import { buildEnsembleModel, type EnsembleMember } from './build-ensemble-model.js';
import { buildLstmModel } from './build-lstm-model.js';
import { buildTreeModel } from './build-tree-model.js';

const random = new SeededRandom(5);
const trees = randomEnsemble(random, { trees: 12, depth: 4, features: 3 });
const lstm = randomLstm(random, { steps: 5, channels: 2, units: [4] });
const rows = 6;
const features = Float32Array.from({ length: rows * 3 }, () => random.normal());
const sequence = Float32Array.from({ length: rows * 10 }, () => random.normal() * 20);
const ofTrees = Array.from({ length: rows }, (_, row) => sigmoid(computeMargin(trees, features, row)));
const ofLstm = sequencesOf(sequence).map((one) => lstmByHand(lstm, one));

const members = [
  { kind: 'trees', name: 'xgboost', weight: 3, trees },
  { kind: 'lstm', name: 'lstm', weight: 1, lstm },
] as const satisfies readonly EnsembleMember[];
const ensemble = buildEnsembleModel({ featureNames: trees.featureNames, members });

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

function sequencesOf(values: Float32Array, width = 10): readonly number[][] {
  return Array.from({ length: values.length / width }, (_, row) => [
    ...values.subarray(row * width, (row + 1) * width),
  ]);
}

function expectClose(found: readonly number[] | undefined, expected: readonly number[], within = 1e-6): void {
  expect(found).toHaveLength(expected.length);
  for (const [row, value] of expected.entries()) {
    if (Number.isNaN(value)) expect(found![row]).toBeNaN();
    else expect(Math.abs(found![row]! - value)).toBeLessThan(within);
  }
}

const withFeatures = { features: { values: features, shape: [rows, 3] } };
const withBoth = { ...withFeatures, sequence: { values: sequence, shape: [rows, 5, 2] } };

describe('an LSTM as an ONNX file', () => {
  it('computes one step of one unit as by hand', async () => {
    // x scaled = (3 - 1) / 2 = 1. Gates in Keras's order i, f, c, o: z = x * kernel + bias.
    const one: LstmWeights = {
      steps: 1,
      channels: 1,
      layers: [
        {
          units: 1,
          kernel: Float32Array.of(0.1, 0.2, 0.3, 0.4),
          recurrentKernel: Float32Array.of(9, 9, 9, 9),
          bias: Float32Array.of(0, 0, 0.5, -1),
        },
      ],
      dense: { kernel: Float32Array.of(2), bias: Float32Array.of(0.25) },
      scaler: { mean: Float32Array.of(1), scale: Float32Array.of(2) },
    };
    const cell = sigmoid(0.1) * Math.tanh(0.8);
    const state = sigmoid(-0.6) * Math.tanh(cell);
    const outputs = await runGraph(buildLstmModel(one), {
      sequence: { values: Float32Array.of(3), shape: [1, 1, 1] },
    });
    expectClose(outputs['probability'], [sigmoid(2 * state + 0.25)]);
  });

  it.each([[[3]], [[8, 5]], [[6, 4, 3]]])('has the probabilities of layers of %j units', async (units) => {
    const weights = randomLstm(new SeededRandom(8), { steps: 12, channels: 4, units });
    const source = new SeededRandom(9);
    const values = Float32Array.from({ length: 7 * 48 }, () => source.normal() * 20);
    const outputs = await runGraph(buildLstmModel(weights), { sequence: { values, shape: [7, 12, 4] } });
    const expected = sequencesOf(values, 48).map((one) => lstmByHand(weights, one));
    expectClose(outputs['probability'], expected);
    expectClose(outputs['lstm'], expected);
  });

  it('takes a step that is not there, at the beginning, as zeros after scaling', async () => {
    const padded = sequence.slice(0, 10).fill(NaN, 0, 4);
    const zeros = Float32Array.from(padded, (value, index) =>
      Number.isNaN(value) ? lstm.scaler.mean[index % 2]! : value,
    );
    const run = (values: Float32Array): ReturnType<typeof runGraph> =>
      runGraph(buildLstmModel(lstm), { sequence: { values, shape: [1, 5, 2] } });
    expect(await run(padded)).toEqual(await run(zeros));
    expectClose((await run(padded))['probability'], [lstmByHand(lstm, [...padded])]);
  });

  it('answers NaN for a sequence without a single value', async () => {
    const values = sequence.slice(0, 20).fill(NaN, 0, 10);
    const outputs = await runGraph(buildLstmModel(lstm), { sequence: { values, shape: [2, 5, 2] } });
    expectClose(outputs['probability'], [NaN, ofLstm[1]!]);
  });

  it('passes admission with the sequence as its only, required input', () => {
    const model = checkModel(buildLstmModel(lstm, { channelNames: ['cpu', 'disk'] }));
    expect(model.inputs).toEqual([{ name: 'sequence', datatype: 'FP32', shape: [-1, 5, 2] }]);
    expect(model.featureNames).toEqual([]);
    expect(model.metadata).toMatchObject({ channelNames: '["cpu","disk"]' });
  });

  const broken: readonly (readonly [string, LstmWeights, RegExp])[] = [
    ['no layers', { ...lstm, layers: [] }, /no recurrent layer/],
    [
      'a kernel of another size',
      { ...lstm, layers: [{ ...lstm.layers[0]!, kernel: new Float32Array(7) }] },
      /layer 0 kernel has 7 values where \[2, 16\] needs 32/,
    ],
    [
      'weights that are not numbers',
      { ...lstm, dense: { ...lstm.dense, bias: Float32Array.of(NaN) } },
      /dense bias\[0\] is not a finite/,
    ],
    [
      'a scale of zero',
      { ...lstm, scaler: { ...lstm.scaler, scale: Float32Array.of(1, 0) } },
      /use 1 for a column that never changes/,
    ],
    ['no steps', { ...lstm, steps: 0 }, /0 steps/],
  ];
  it.each(broken)('refuses %s', (_, weights, reason) => {
    expect(() => buildLstmModel(weights)).toThrow(reason);
  });
});

describe('an ensemble as one ONNX file', () => {
  it('answers the weighted mean and every member', async () => {
    const outputs = await runGraph(ensemble, withBoth);
    expectClose(outputs['xgboost'], ofTrees);
    expectClose(outputs['lstm'], ofLstm);
    expectClose(
      outputs['probability'],
      ofTrees.map((p, row) => 0.75 * p + 0.25 * ofLstm[row]!),
    );
  });

  it('leaves the answer to the trees in rows without a sequence, and changes no other row', async () => {
    const some = sequence.slice().fill(NaN, 20, 40);
    const all = await runGraph(ensemble, withBoth);
    const outputs = await runGraph(ensemble, {
      ...withFeatures,
      sequence: { values: some, shape: [rows, 5, 2] },
    });
    const lacks = (row: number): boolean => row === 2 || row === 3;
    expect(outputs['lstm']).toEqual(all['lstm']!.map((p, row) => (lacks(row) ? NaN : p)));
    expect(outputs['probability']).toEqual(
      all['probability']!.map((p, row) => (lacks(row) ? all['xgboost']![row] : p)),
    );
  });

  it('answers a batch without a sequence, bit for bit as the trees alone', async () => {
    const model = checkModel(ensemble);
    const spec = model.inputs.find(({ name }) => name === 'sequence')!;
    expect(spec).toEqual({ name: 'sequence', datatype: 'FP32', shape: [-1, 5, 2], optional: true });
    const outputs = await runGraph(model.bytes, { ...withFeatures, sequence: buildAbsentSequence(spec) });
    const alone = await runGraph(buildTreeModel(trees), withFeatures);
    expect(outputs['probability']).toEqual(alone['probability']);
    expect(outputs['lstm']).toEqual(new Array<number>(rows).fill(NaN));
  });

  it('shares the weight of an absent member among several others in proportion', async () => {
    const dense: DenseNetwork = {
      scaler: { mean: Float32Array.of(0, 0, 0), scale: Float32Array.of(1, 1, 1) },
      layers: [
        { units: 1, kernel: Float32Array.of(1, -2, 3), bias: Float32Array.of(0.5), activation: 'linear' },
      ],
    };
    const bytes = buildEnsembleModel({
      featureNames: trees.featureNames,
      members: [...members, { kind: 'dense', name: 'dense', weight: 2, dense }],
    });
    const spec = checkModel(bytes).inputs[1]!;
    const outputs = await runGraph(bytes, { ...withFeatures, sequence: buildAbsentSequence(spec) });
    const ofDense = Array.from({ length: rows }, (_, row) => {
      const [a, b, c] = features.subarray(row * 3, row * 3 + 3);
      return sigmoid(a! - 2 * b! + 3 * c! + 0.5);
    });
    expectClose(outputs['dense'], ofDense);
    expectClose(
      outputs['probability'],
      ofTrees.map((p, row) => 0.6 * p + 0.4 * ofDense[row]!),
    );
  });

  it('fills a missing feature of a dense network with the mean', async () => {
    const dense: DenseNetwork = {
      scaler: { mean: Float32Array.of(10, 20), scale: Float32Array.of(2, 4) },
      layers: [
        {
          units: 2,
          kernel: Float32Array.of(1, -1, 2, 0.5),
          bias: Float32Array.of(0, 0.25),
          activation: 'relu',
        },
        { units: 1, kernel: Float32Array.of(1, -3), bias: Float32Array.of(-0.5), activation: 'linear' },
      ],
    };
    const bytes = buildEnsembleModel({
      featureNames: ['a', 'b'],
      members: [{ kind: 'dense', name: 'dense', weight: 1, dense }],
    });
    // Row 1: scaled (2, 1): relu(2 + 2) = 4, relu(-2 + 0.5 + 0.25) = 0. Row 2: (0, 1): 2 and 0.75.
    const outputs = await runGraph(bytes, {
      features: { values: Float32Array.of(14, 24, NaN, 24), shape: [2, 2] },
    });
    expectClose(outputs['probability'], [sigmoid(3.5), sigmoid(2 - 2.25 - 0.5)]);
  });

  it('writes what the model is into the file, and the same file twice', () => {
    const model = {
      featureNames: trees.featureNames,
      channelNames: ['cpu', 'disk'],
      members,
      metadata: { trainingSetDigest: 'sha256:00' },
    };
    const { metadata, featureNames, trees: compiled } = checkModel(buildEnsembleModel(model));
    expect(featureNames).toEqual(trees.featureNames);
    expect(metadata['trainingSetDigest']).toBe('sha256:00');
    expect(JSON.parse(metadata['members']!)).toEqual([
      { name: 'xgboost', kind: 'trees', weight: 0.75 },
      { name: 'lstm', kind: 'lstm', weight: 0.25 },
    ]);
    expect(compiled).toBeUndefined();
    expect(buildEnsembleModel(model)).toEqual(buildEnsembleModel(model));
  });

  const refused: readonly (readonly [string, () => unknown, RegExp])[] = [
    ['no members', () => buildEnsembleModel({ featureNames: [], members: [] }), /no members/],
    [
      'a weight of zero',
      () => buildEnsembleModel({ featureNames: ['a'], members: [{ ...members[0], weight: 0 }] }),
      /weight of xgboost is 0/,
    ],
    [
      'two members of one name',
      () => buildEnsembleModel({ featureNames: trees.featureNames, members: [members[0], members[0]] }),
      /two members/,
    ],
    [
      'a member named like a tensor of the contract',
      () => buildTreeModel(trees, { member: 'probability' }),
      /cannot be named "probability"/,
    ],
    [
      'trees of other features',
      () => buildEnsembleModel({ featureNames: ['f0', 'f2', 'f1'], members }),
      /other features/,
    ],
    [
      'names for other channels',
      () => buildEnsembleModel({ featureNames: trees.featureNames, channelNames: ['cpu'], members }),
      /names 1 channels/,
    ],
    [
      'sequences of different shapes',
      () =>
        buildEnsembleModel({
          featureNames: [],
          members: [
            members[1],
            { ...members[1], name: 'b', lstm: randomLstm(random, { steps: 4, channels: 2, units: [2] }) },
          ],
        }),
      /different shapes/,
    ],
  ];
  it.each(refused)('refuses %s', (_, build, reason) => {
    expect(build).toThrow(reason);
  });
});

describe('calibration in the file', () => {
  const platt: Calibration = { method: 'platt', slope: 1.5, intercept: -0.25 };
  const isotonic: Calibration = {
    method: 'isotonic',
    scores: [0.2, 0.5, 0.500001, 0.7],
    probabilities: [0.1, 0.1, 0.6, 0.9],
  };

  it('scales the logits of one member by Platt', async () => {
    const bytes = buildEnsembleModel({
      featureNames: trees.featureNames,
      members: [{ ...members[0], calibration: platt }],
    });
    const outputs = await runGraph(bytes, withFeatures);
    const expected = ofTrees.map((_, row) => sigmoid(1.5 * computeMargin(trees, features, row) - 0.25));
    expectClose(outputs['xgboost'], expected);
  });

  it('scales the mean of all by Platt, through its logit', async () => {
    const bytes = buildEnsembleModel({ featureNames: trees.featureNames, members, calibration: platt });
    const outputs = await runGraph(bytes, withBoth);
    expectClose(
      outputs['probability'],
      ofTrees.map((p, row) => {
        const mean = 0.75 * p + 0.25 * ofLstm[row]!;
        return sigmoid(1.5 * Math.log(mean / (1 - mean)) - 0.25);
      }),
    );
    expectClose(outputs['xgboost'], ofTrees);
  });

  it('maps probabilities through the points, a steep step and both ends', async () => {
    const raw = [0.05, 0.2, 0.4, 0.5, 0.500001, 0.6, 0.7, 0.99];
    const margins = Float32Array.from(raw);
    const single = (calibration: Calibration): Promise<Readonly<Record<string, readonly number[]>>> =>
      runGraph(
        buildEnsembleModel({
          featureNames: ['p'],
          members: [
            {
              kind: 'dense',
              name: 'm',
              weight: 1,
              dense: {
                scaler: { mean: Float32Array.of(0), scale: Float32Array.of(1) },
                layers: [
                  {
                    units: 1,
                    kernel: Float32Array.of(1),
                    bias: Float32Array.of(0),
                    activation: 'linear',
                  },
                ],
              },
              calibration,
            },
          ],
        }),
        { features: { values: margins.map((p) => Math.log(p / (1 - p))), shape: [raw.length, 1] } },
      );
    const outputs = await single(isotonic);
    expectClose(
      [...outputs['m']!.slice(0, 3), ...outputs['m']!.slice(5)],
      [0.1, 0.1, 0.1, 0.6 + (0.3 * 0.099999) / 0.199999, 0.9, 0.9],
      1e-5,
    );
    expect(outputs['m']![3]).toBeLessThan(outputs['m']![4]!);
    expectClose(
      (await single({ method: 'isotonic', scores: [0.3], probabilities: [0.4] }))['m'],
      raw.map(() => 0.4),
    );
  });

  it.each([
    [{ method: 'isotonic', scores: [0.5, 0.5], probabilities: [0.1, 0.2] }, /do not increase at 1/],
    [{ method: 'isotonic', scores: [0.4, 0.5], probabilities: [0.3, 0.2] }, /fall/],
    [{ method: 'isotonic', scores: [0.4], probabilities: [] }, /1 isotonic scores and 0/],
    [{ method: 'platt', slope: NaN, intercept: 0 }, /not a finite/],
  ] as const satisfies readonly (readonly [Calibration, RegExp])[])('refuses %j', (calibration, reason) => {
    expect(() => buildEnsembleModel({ featureNames: trees.featureNames, members, calibration })).toThrow(
      reason,
    );
  });
});
