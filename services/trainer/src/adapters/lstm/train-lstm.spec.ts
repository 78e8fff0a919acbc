import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { SeededRandom } from '@headrace/kernel';
import { type LstmWeights } from '@headrace/onnx';
import { beforeAll, describe, expect, it } from 'vitest';
import { sequenceSettings, type SequenceSettings } from '../../application/sequence-settings.js';
import { type SequenceTrainingRequest } from '../../application/sequence-trainer.js';
import { fitScaler, scaleSequences } from '../../domain/sequence/channel-scaler.js';
import { packWeights } from '../../domain/sequence/packed-weights.js';
import { pruneByMagnitude, sparsityOf } from '../../domain/sequence/prune-by-magnitude.js';
import { distillationLossAt } from '../../domain/sequence/sequence-loss.js';
import { laidOut, LstmPass } from './lstm-pass.js';
import { openWasmBackend } from './open-backend.js';
import { predictLstm } from './predict-lstm.js';
import { trainLstm } from './train-lstm.js';

interface Golden {
  readonly shape: { readonly rows: number; readonly steps: number; readonly channels: number };
  readonly settings: Readonly<Record<string, number>>;
  readonly values: readonly (number | null)[];
  readonly label: readonly number[];
  readonly weight: readonly number[];
  readonly teacher: readonly number[];
  readonly mean: readonly number[];
  readonly scale: readonly number[];
  readonly scaled: readonly number[];
  readonly weights: readonly (readonly number[])[];
  readonly logits: readonly number[];
  readonly gradient: readonly (readonly number[])[];
  readonly labelsOnly: {
    readonly losses: readonly number[];
    readonly weights: readonly (readonly number[])[];
  };
  readonly distilled: {
    readonly losses: readonly number[];
    readonly weights: readonly (readonly number[])[];
  };
}

const golden = JSON.parse(readFileSync(new URL('golden/lstm.json', import.meta.url), 'utf8')) as Golden;
const { steps, channels, rows } = golden.shape;
const values = Float32Array.from(golden.values, (value) => value ?? Number.NaN);

function weightsOf(parts: readonly (readonly number[])[]): LstmWeights {
  const [kernel1, recurrent1, bias1, kernel2, recurrent2, bias2, dense, bias] = parts.map((part) =>
    Float32Array.from(part),
  ) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  return {
    steps,
    channels,
    layers: [
      { units: 4, kernel: kernel1, recurrentKernel: recurrent1, bias: bias1 },
      { units: 3, kernel: kernel2, recurrentKernel: recurrent2, bias: bias2 },
    ],
    dense: { kernel: dense, bias },
    scaler: { mean: Float32Array.from(golden.mean), scale: Float32Array.from(golden.scale) },
  };
}

function listed({ layers, dense }: LstmWeights): number[][] {
  return [
    ...layers.flatMap(({ kernel, recurrentKernel, bias }) => [kernel, recurrentKernel, bias]),
    dense.kernel,
    dense.bias,
  ].map((part) => [...part]);
}

function largestDifference(
  one: readonly (readonly number[])[],
  other: readonly (readonly number[])[],
): number {
  expect(one.map(({ length }) => length)).toEqual(other.map(({ length }) => length));
  return Math.max(
    ...one.flatMap((part, index) => part.map((value, at) => Math.abs(value - other[index]![at]!))),
  );
}

beforeAll(openWasmBackend);

describe('the passes, against NumPy in double precision', () => {
  const shape = { steps, channels, units: [4, 3] };
  const order = Uint32Array.from({ length: rows }, (_, row) => row);

  it('scales as NumPy does, and puts 0 where nothing is known', () => {
    const scaler = fitScaler(values, channels);
    expect([...scaler.mean]).toEqual(golden.mean);
    expect([...scaler.scale]).toEqual(golden.scale);
    expect([...scaleSequences(values, scaler)]).toEqual(golden.scaled);
  });

  it('gives the same logits and gradients, whatever the pieces', () => {
    const { temperature = 0, share = 0 } = golden.settings;
    const totalWeight = golden.weight.reduce((sum, weight) => sum + weight, 0);
    const pass = new LstmPass(shape);
    pass.load(packWeights(weightsOf(golden.weights)));
    const scaled = Float32Array.from(golden.scaled);
    const gradients = packWeights(weightsOf(golden.weights)).map(({ length }) => new Float64Array(length));
    for (const [from, to] of [
      [0, 3],
      [3, rows],
    ] as const) {
      pass.addGradients(
        laidOut(scaled, order, from, to, shape),
        to - from,
        (logits) =>
          logits.map((logit, at) => {
            expect(Math.abs(logit - golden.logits[from + at]!)).toBeLessThan(2e-6);
            const [label, teacher, weight] = [golden.label, golden.teacher, golden.weight].map(
              (list) => list[from + at]!,
            ) as [number, number, number];
            const { slope } = distillationLossAt(logit, label, teacher, { temperature, teacherShare: share });
            return (weight * slope) / totalWeight;
          }),
        gradients,
      );
    }
    pass.dispose();
    const expected = packWeights(weightsOf(golden.gradient));
    expect(
      largestDifference(
        gradients.map((gradient) => [...gradient]),
        expected.map((gradient) => [...gradient]),
      ),
    ).toBeLessThan(1e-6);
  });

  it.each([
    ['labels only', golden.labelsOnly, undefined],
    ['a teacher', golden.distilled, Float32Array.from(golden.teacher)],
  ])('follows %s through six steps of clipped Adam to the same weights', (_, expected, teacher) => {
    const { temperature, share, clip, decay, peak, warmUp, final, epochs } = golden.settings;
    const model = trainLstm({
      steps,
      channels,
      settings: sequenceSettings.parse({
        epochs,
        // Every epoch is one step over all rows, so that their order does not matter; three passes make the step.
        batchSize: rows,
        rowsPerPass: 3,
        learningRate: { peak, warmUpSteps: warmUp, finalShare: final },
        clipNorm: clip,
        weightDecay: decay,
        distillation: { temperature, teacherShare: share },
      }),
      train: {
        values,
        label: Float32Array.from(golden.label),
        weight: Float32Array.from(golden.weight),
        ...(teacher && { teacher }),
      },
      startFrom: { weights: weightsOf(golden.weights) },
    });
    expect(largestDifference([model.history['train-logloss']!], [expected.losses])).toBeLessThan(1e-6);
    expect(largestDifference(listed(model.weights), expected.weights)).toBeLessThan(1e-5);
  });
});

/**
 * One channel of noise with an upward and a downward pulse in every sequence, at random steps: the label is which came
 * first. Sums, means, extremes, quantiles of a sequence are the same for both classes; only their order tells.
 */
function whichCameFirst(count: number, seed: number): { values: Float32Array; label: Float32Array } {
  const random = new SeededRandom(seed);
  const data = Float32Array.from({ length: count * 10 }, () => 100 + random.normal());
  const label = new Float32Array(count);
  for (let row = 0; row < count; row += 1) {
    const up = random.integer(10);
    const down = (up + 1 + random.integer(9)) % 10;
    data[row * 10 + up]! += 15;
    data[row * 10 + down]! -= 15;
    label[row] = up < down ? 1 : 0;
  }
  return { values: data, label };
}

function request(
  changes: Partial<SequenceTrainingRequest> = {},
  settings: Partial<SequenceSettings> = {},
): SequenceTrainingRequest {
  return {
    steps: 10,
    channels: 1,
    settings: sequenceSettings.parse({
      units: [6],
      epochs: 3,
      batchSize: 16,
      learningRate: { peak: 0.02 },
      seed: 5,
      ...settings,
    }),
    train: whichCameFirst(90, 1),
    validation: whichCameFirst(40, 2),
    ...changes,
  };
}

function accuracy(probabilities: Float32Array, label: Float32Array): number {
  return probabilities.filter((p, row) => p > 0.5 === (label[row] === 1)).length / label.length;
}

describe('training', () => {
  it('learns an order that no order-free reader of the sequence can see', () => {
    const model = trainLstm(
      request(
        { train: whichCameFirst(600, 1), validation: whichCameFirst(200, 2) },
        { epochs: 15, units: [8] },
      ),
    );
    const unseen = whichCameFirst(400, 3);
    expect(accuracy(predictLstm(model.weights, unseen.values), unseen.label)).toBeGreaterThan(0.95);

    // The best rule on any order-free statistic, chosen on the very rows it is judged by: a bound from above.
    const orderFree = [mean, deviation, Math.max, Math.min, median].map((statistic) =>
      bestThreshold(
        Array.from({ length: 400 }, (_, row) =>
          statistic(...unseen.values.subarray(row * 10, row * 10 + 10)),
        ),
        unseen.label,
      ),
    );
    expect(Math.max(...orderFree)).toBeLessThan(0.65);
  });

  it('gives the same weights for the same seed and others for another', () => {
    const one = trainLstm(request());
    expect(trainLstm(request())).toEqual(one);
    expect(trainLstm(request({}, { seed: 6 })).weights.dense.kernel).not.toEqual(one.weights.dense.kernel);
  });

  it('adds gradients up over passes: the size of a pass changes rounding only', () => {
    const whole = trainLstm(request({}, { batchSize: 45 }));
    const pieces = trainLstm(request({}, { batchSize: 45, rowsPerPass: 7 }));
    expect(largestDifference(listed(pieces.weights), listed(whole.weights))).toBeLessThan(1e-4);
  });

  it.each([1, 4, 6, 9, 17])('resumes from the checkpoint after step %i to the same bits', (stepsBefore) => {
    const whole = trainLstm(request());
    let looks = 0;
    let checkpoint: Uint8Array | undefined;
    expect(() =>
      trainLstm(request(), {
        isCancelled: () => (looks += 1) > stepsBefore,
        onCheckpoint: (bytes) => (checkpoint = bytes),
      }),
    ).toThrow(expect.objectContaining({ code: 'TRAINER_TRAINING_CANCELLED' }));
    const resumed = trainLstm(request({ resume: checkpoint! }));
    expect(resumed).toEqual(whole);
  });

  it('checkpoints within an epoch as often as it is told, and each one leads to the same bits', () => {
    const whole = trainLstm(request());
    const kept: Uint8Array[] = [];
    trainLstm(request(), { onCheckpoint: (bytes) => kept.push(bytes), checkpointEverySteps: 4 });
    // 90 rows are 6 batches: one checkpoint within each of 3 epochs and one after it.
    expect(kept).toHaveLength(6);
    for (const resume of kept) expect(trainLstm(request({ resume }))).toEqual(whole);
  });

  it('refuses the checkpoint of another training, and one that is damaged', () => {
    let kept: Uint8Array = new Uint8Array(0);
    trainLstm(request(), { onCheckpoint: (bytes) => (kept = bytes) });
    const other = request({ resume: kept }, { seed: 6 });
    expect(() => trainLstm(other)).toThrow(expect.objectContaining({ code: 'TRAINER_CHECKPOINT_UNFIT' }));
    const damaged = Uint8Array.from(kept, (byte, at) => (at === 400 ? byte ^ 1 : byte));
    for (const resume of [damaged, kept.subarray(0, 40), new Uint8Array(3)]) {
      expect(() => trainLstm(request({ resume }))).toThrow(/whole checkpoint/);
    }
  });

  it('stops early and keeps the weights of the best epoch', () => {
    const random = new SeededRandom(8);
    const noise = {
      ...whichCameFirst(40, 2),
      label: Float32Array.from({ length: 40 }, () => random.integer(2)),
    };
    const model = trainLstm(
      request({ validation: noise }, { epochs: 60, earlyStopping: { patience: 3, minDelta: 0 } }),
    );
    const scores = model.history['validation-logloss']!;
    expect(model.stopped).toBe('early');
    expect(scores).toHaveLength(model.epochs + 3);
    expect(model.bestScore).toBe(Math.min(...scores));
    const probabilities = predictLstm(model.weights, noise.values);
    const again = noise.label.map(
      (label, row) => -Math.log(label === 1 ? probabilities[row]! : 1 - probabilities[row]!),
    );
    expect(mean(...again)).toBeCloseTo(model.bestScore!, 5);
  });

  it('leaves no tensor behind, however it ends', () => {
    const { numTensors, numDataBuffers } = tf.memory();
    const model = trainLstm(request());
    predictLstm(model.weights, request().train.values);
    let looks = 0;
    expect(() => trainLstm(request(), { isCancelled: () => (looks += 1) > 3 })).toThrow();
    expect(() =>
      trainLstm(request({}, { learningRate: { peak: 1e300, warmUpSteps: 0, finalShare: 1 } })),
    ).toThrow();
    expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers });
  });

  it('says that it diverged instead of giving out weights that are not numbers', () => {
    const wild = request({}, { learningRate: { peak: 1e300, warmUpSteps: 0, finalShare: 1 } });
    expect(() => trainLstm(wild)).toThrow(expect.objectContaining({ code: 'TRAINER_TRAINING_DIVERGED' }));
  });

  it('never looks at a row of weight 0', () => {
    const { train } = request();
    const weight = Float32Array.from(train.label, (_, row) => (row < 70 ? 1 : 0));
    const flipped = train.label.map((label, row) => (row < 70 ? label : 1 - label));
    const one = trainLstm(request({ train: { ...train, weight } }));
    expect(trainLstm(request({ train: { ...train, weight, label: flipped } })).weights).toEqual(one.weights);
  });

  it.each([
    ['no sequences', { values: new Float32Array(0), label: new Float32Array(0) }, /no sequences/],
    ['values that do not fit', { values: new Float32Array(11), label: new Float32Array(1) }, /11 values/],
    ['a label beyond 1', { values: new Float32Array(10), label: Float32Array.of(2) }, /label 2 at 0/],
    [
      'an infinite value',
      { values: new Float32Array(10).fill(Infinity), label: new Float32Array(1) },
      /Infinity/,
    ],
    [
      'weights that are all 0',
      { values: new Float32Array(10), label: new Float32Array(1), weight: new Float32Array(1) },
      /weights .* are 0/,
    ],
  ])('refuses %s', (_, train, message) => {
    expect(() => trainLstm(request({ train }))).toThrow(message);
    expect(() => trainLstm(request({ train }))).toThrow(
      expect.objectContaining({ code: 'TRAINER_SEQUENCES_UNFIT', kind: 'invalid' }),
    );
  });
});

describe('pruning and distillation', () => {
  const large = request(
    { train: whichCameFirst(600, 1), validation: whichCameFirst(200, 2) },
    { epochs: 15, units: [8] },
  );
  const unseen = whichCameFirst(400, 3);

  it('keeps every pruned weight at 0 through fine-tuning, which repairs what pruning has cost', () => {
    const dense = trainLstm(large);
    const pruned = pruneByMagnitude(dense.weights, 0.75);
    const tuned = trainLstm({ ...large, startFrom: { weights: pruned, keepZeros: true } });
    const before = listed(pruned);
    listed(tuned.weights).forEach((part, index) => {
      const isBias = index % 3 === 2 || index === before.length - 1;
      if (!isBias) {
        expect(part.map((value) => value === 0)).toEqual(before[index]!.map((value) => value === 0));
      }
    });
    expect(sparsityOf(tuned.weights)).toBeCloseTo(0.75, 1);
    const cut = accuracy(predictLstm(pruned, unseen.values), unseen.label);
    const repaired = accuracy(predictLstm(tuned.weights, unseen.values), unseen.label);
    expect(cut).toBeLessThan(0.85);
    expect(repaired).toBeGreaterThan(0.95);
  });

  it('teaches a student what its labels do not say', () => {
    const teacher = trainLstm(large);
    const { values: data, label } = whichCameFirst(300, 4);
    const random = new SeededRandom(9);
    // Two labels in five are a coin's; the teacher's answers are not.
    const noisy = label.map((value) => (random.next() < 0.4 ? random.integer(2) : value));
    const small = {
      ...large,
      train: { values: data, label: noisy },
      settings: { ...large.settings, units: [4], epochs: 10 },
    };
    const student = (teacherShare: number): number => {
      const model = trainLstm({
        ...small,
        train: { ...small.train, teacher: predictLstm(teacher.weights, data) },
        settings: { ...small.settings, distillation: { temperature: 3, teacherShare } },
      });
      const probabilities = predictLstm(model.weights, unseen.values);
      return mean(...unseen.label.map((value, row) => (value - probabilities[row]!) ** 2));
    };
    expect(student(0.9)).toBeLessThan(0.5 * student(0));
  });
});

function mean(...numbers: number[]): number {
  return numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
}

function deviation(...numbers: number[]): number {
  return Math.sqrt(mean(...numbers.map((value) => (value - mean(...numbers)) ** 2)));
}

function median(...numbers: number[]): number {
  return numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!;
}

/** Accuracy of the best cut through one statistic, either side up. */
function bestThreshold(statistic: readonly number[], label: Float32Array): number {
  const order = statistic.map((_, row) => row).sort((a, b) => statistic[a]! - statistic[b]!);
  const ones = label.filter((value) => value === 1).length;
  let onesBelow = 0;
  let best = 0;
  order.forEach((row, below) => {
    const right = below - onesBelow + (ones - onesBelow);
    best = Math.max(best, right, order.length - right);
    onesBelow += label[row]!;
  });
  return best / order.length;
}
