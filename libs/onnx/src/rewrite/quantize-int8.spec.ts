import { SeededRandom } from '@headrace/kernel';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { floatAttribute, intAttribute } from '../build/attributes.js';
import { buildEnsembleModel } from '../build/build-ensemble-model.js';
import { buildLstmModel } from '../build/build-lstm-model.js';
import { type GraphBuilder } from '../build/graph-builder.js';
import { checkModel } from '../admission/check-model.js';
import {
  decodeModel,
  encodeModel,
  buildModel,
  operatorsOf,
  rewriteAndMeasure,
} from '../testing/apply-rewrite.js';
import { randomLstm } from '../testing/lstm-by-hand.js';
import { randomEnsemble } from '../testing/random-ensemble.js';
import { runGraph } from '../testing/run-in-onnxruntime.js';
import { foldConstants } from './fold-constants.js';
import { toInt8 } from './int8-weights.js';
import { quantizeInt8 } from './quantize-int8.js';
import { removeDeadCode } from './remove-dead-code.js';
import { RewriteRefusedError } from './rewrite.js';
import { rewriteModel } from './rewrite-model.js';
import { storeInt8 } from './store-int8.js';
import { toNumbers, readTensor } from '../tensor-values.js';

interface GoldenCase {
  readonly name: string;
  readonly perChannel: boolean;
  readonly reduceRange: boolean;
  readonly model: string;
  readonly inputs: Readonly<Record<string, { readonly shape: number[]; readonly values: number[] }>>;
  readonly weights: readonly { readonly dims: number[]; readonly bytes: number[] }[];
  readonly scales: readonly { readonly dims: number[]; readonly values: number[] }[];
  readonly probability?: readonly number[];
}

const golden = JSON.parse(
  readFileSync(join(import.meta.dirname, 'golden/quantize-dynamic.json'), 'utf8'),
) as { readonly cases: readonly GoldenCase[] };

const lstm = buildLstmModel(randomLstm(new SeededRandom(4), { steps: 12, channels: 6, units: [24, 16] }));

/** The tensors of a file with these endings, by dims and elements; their names and order are our own matter. */
function tensorsOf(bytes: Uint8Array, ending: string): readonly string[] {
  return (decodeModel(bytes).graph?.initializer ?? [])
    .filter(({ name }) => name!.endsWith(ending))
    .map((tensor) => {
      const { dims, values } = readTensor(tensor)!;
      return JSON.stringify([dims, toNumbers(values)]);
    })
    .sort();
}

describe('toInt8', () => {
  it('takes half the range between the largest weight and its opposite as 127 steps', () => {
    // scale 2 / 127; 1 -> 63.5, a tie, to the even 64; -0.4 -> -25.4.
    const { bytes, scales, maxChange } = toInt8(Float32Array.of(2, 1, 0, -0.4), [4], undefined, 127);
    expect([...bytes]).toEqual([127, 64, 0, -25]);
    expect(scales[0]).toBeCloseTo(2 / 127, 8);
    expect(maxChange).toBeCloseTo(64 * (2 / 127) - 1, 6);
  });

  it('gives every channel its scale, and one of zeros the scale 1', () => {
    const { bytes, scales } = toInt8(Float32Array.of(1, 0, -4, 0.5, 0, 2), [2, 3], 1, 64);
    expect([...scales]).toEqual([1 / 64, 1, 4 / 64]);
    expect([...bytes]).toEqual([64, 0, -64, 32, 0, 32]);
  });

  it('takes weights too small for a scale as zero', () => {
    expect([...toInt8(Float32Array.of(1e-40, 0), [2], undefined, 127).bytes]).toEqual([0, 0]);
  });

  it('moves no weight by more than half a scale', () => {
    const random = new SeededRandom(1);
    for (const steps of [127, 64] as const) {
      const values = Float32Array.from({ length: 4_000 }, () => random.normal());
      const { scales, maxChange } = toInt8(values, [4_000], undefined, steps);
      expect(maxChange).toBeLessThanOrEqual(scales[0]! * 0.5001);
      expect(maxChange).toBeGreaterThan(scales[0]! * 0.45);
    }
  });
});

describe('quantizeInt8 beside onnxruntime.quantization', () => {
  it.each(
    golden.cases.map(
      (one) => [`${one.name}, per channel ${one.perChannel}, reduced ${one.reduceRange}`, one] as const,
    ),
  )(
    'gives the weights and answers of %s',
    async (_, { perChannel, reduceRange, model, inputs, weights, scales, probability }) => {
      const before = Uint8Array.from(Buffer.from(model, 'base64'));
      const { bytes } = rewriteModel(before, [quantizeInt8({ perChannel, reduceRange, minWeights: 1 })]);
      expect(tensorsOf(bytes, '_int8')).toEqual(
        weights.map((one) => JSON.stringify([one.dims, one.bytes])).sort(),
      );
      const rounded = scales.map(({ dims, values }) => JSON.stringify([dims, values]));
      expect(tensorsOf(bytes, '_scale')).toEqual(rounded.sort());
      if (probability === undefined) return;
      const rows = Object.entries(inputs).map(
        ([name, { shape, values }]) => [name, { shape, values: Float32Array.from(values) }] as const,
      );
      const answers = await runGraph(bytes, Object.fromEntries(rows));
      for (const [row, expected] of probability.entries()) {
        expect(answers['probability']![row]).toBeCloseTo(expected, 5);
      }
    },
  );
});

const dense = (
  units: number,
  options: { alpha?: number; shared?: boolean; weight?: number; unfilled?: boolean } = {},
): Uint8Array => {
  const random = new SeededRandom(3);
  const weights = (count: number): Float32Array =>
    Float32Array.from({ length: count }, () => random.normal() * 0.3);
  return buildModel(10, (g: GraphBuilder) => {
    const values = weights(10 * units);
    if (options.weight !== undefined) values[3] = options.weight;
    const w = g.floats('w0', [10, units], values);
    const known =
      options.unfilled === true
        ? 'features'
        : g.node(
            'Where',
            [g.node('IsNaN', ['features'], 'missing'), g.floats('fill', [1], [0]), 'features'],
            'known',
          );
    g.node('Gemm', [known, w, g.floats('b0', [units], weights(units))], 'h0', {
      attributes: [floatAttribute('alpha', options.alpha ?? 1)],
    });
    const active = g.node(
      'Tanh',
      [
        options.shared === true
          ? g.node('Add', ['h0', g.node('ReduceSum', [w, g.integers('axis', [0])], 's')], 'h')
          : 'h0',
      ],
      'h1',
    );
    return g.node('Gemm', [active, g.floats('w1', [1, units], weights(units))], 'h2', {
      attributes: [intAttribute('transB', 1)],
    });
  });
};

describe('quantizeInt8', () => {
  it('makes a dense network a third of its size and moves its answers a little', async () => {
    const { bytes, bytesBefore, bytesAfter, measured, steps } = await rewriteAndMeasure(dense(256), [
      quantizeInt8(),
    ]);
    expect(bytesAfter / bytesBefore).toBeLessThan(0.5);
    expect(operatorsOf(bytes).filter((name) => name === 'MatMulInteger')).toHaveLength(2);
    expect(measured.maxOutputChange).toBeGreaterThan(0);
    expect(measured.maxOutputChange).toBeLessThan(0.2);
    expect(steps[0]!.changes['quantizedWeights']).toBe(11 * 256);
    expect(checkModel(bytes).outputs).toEqual(checkModel(dense(256)).outputs);
  });

  it('loses a whole batch to one missing value that no operator fills, and measures that as Infinity', async () => {
    const { measured } = await rewriteAndMeasure(dense(64, { unfilled: true }), [quantizeInt8()]);
    expect(measured.maxOutputChange).toBe(Infinity);
  });

  it('makes LSTMs smaller than a third, within some thousandths of a probability', async () => {
    const { bytes, bytesBefore, bytesAfter, measured } = await rewriteAndMeasure(lstm, [
      foldConstants(),
      removeDeadCode(),
      quantizeInt8(),
    ]);
    expect(bytesAfter / bytesBefore).toBeLessThan(0.45);
    expect(operatorsOf(bytes).filter((name) => name === 'DynamicQuantizeLSTM')).toHaveLength(2);
    expect(measured.maxOutputChange).toBeGreaterThan(0);
    expect(measured.maxOutputChange).toBeLessThan(0.05);
  });

  it('changes nothing the second time', () => {
    for (const rewrite of [quantizeInt8(), storeInt8()]) {
      const once = rewriteModel(lstm, [rewrite]).bytes;
      expect(rewriteModel(once, [rewrite]).bytes).toEqual(once);
    }
  });

  it('quantises a matrix that two operators multiply by once', () => {
    const bytes = buildModel(20, (g) => {
      const w = g.floats(
        'w',
        [20, 20],
        Float32Array.from({ length: 400 }, (_, index) => Math.sin(index)),
      );
      return g.node(
        'ReduceSum',
        [g.node('MatMul', [g.node('MatMul', ['features', w], 'a'), w], 'b'), g.integers('axis', [1])],
        'c',
      );
    });
    const after = rewriteModel(bytes, [quantizeInt8()]).bytes;
    expect(tensorsOf(after, '_int8')).toHaveLength(1);
    expect(operatorsOf(after).filter((name) => name === 'DynamicQuantizeLinear')).toHaveLength(2);
  });

  it.each([
    ['alpha is not 1', dense(64, { alpha: 0.5 }), /alpha/],
    ['something else reads the matrix', dense(64, { shared: true }), /elsewhere/],
  ])('leaves a Gemm whose %s, and reports it', (_, bytes, why) => {
    const { steps } = rewriteModel(bytes, [quantizeInt8()]);
    expect(steps[0]!.left.join()).toMatch(why);
  });

  it('leaves an LSTM of layout 1, of which the quantised operator knows nothing', () => {
    const model = decodeModel(lstm);
    for (const node of model.graph!.node!) {
      if (node.opType === 'LSTM') node.attribute!.push(intAttribute('layout', 1));
    }
    const { left, model: after } = quantizeInt8().apply(model);
    expect(after).toBe(model);
    expect(left.join()).toMatch(/layout/);
  });

  it('leaves small matrices, vectors, and weights a caller may replace', () => {
    expect(rewriteModel(dense(20), [quantizeInt8()]).steps[0]!.changes).toEqual({});
    const isotonic = buildModel(300, (g) =>
      g.node('MatMul', ['features', g.floats('v', [300], new Float32Array(300).fill(1))], 'sum'),
    );
    expect(rewriteModel(isotonic, [quantizeInt8()]).bytes).toEqual(isotonic);
    const model = decodeModel(dense(64));
    model.graph!.input!.push({ ...model.graph!.input![0]!, name: 'w0' });
    expect(quantizeInt8().apply(model).model).toBe(model);
  });

  it.each([NaN, Infinity])('refuses a weight of %s and names it', (weight) => {
    for (const rewrite of [quantizeInt8(), storeInt8()]) {
      expect(() => rewrite.apply(decodeModel(dense(64, { weight })))).toThrow(RewriteRefusedError);
    }
    expect(() => quantizeInt8().apply(decodeModel(dense(64, { weight })))).toThrow(/w0\[3\]/);
  });

  it('gives names that nothing has', () => {
    const model = decodeModel(dense(64));
    for (const tensor of model.graph!.initializer!) if (tensor.name === 'b0') tensor.name = 'w0_int8';
    model.graph!.node!.find(({ opType }) => opType === 'Gemm')!.input![2] = 'w0_int8';
    const after = rewriteModel(encodeModel(model), [quantizeInt8()]).bytes;
    expect(decodeModel(after).graph!.initializer!.map(({ name }) => name)).toContain('w0_int8_2');
  });

  it('takes one scale for all rows of a batch: a row is answered differently beside others', async () => {
    // Nothing to be proud of, but to know: storeInt8 is there for those who cannot have it.
    const alone = async (bytes: Uint8Array): Promise<number> => {
      const values = Float32Array.from({ length: 20 }, (_, place) => (place < 10 ? Math.sin(place) : 50));
      const one = await runGraph(bytes, { features: { values: values.subarray(0, 10), shape: [1, 10] } });
      const two = await runGraph(bytes, { features: { values, shape: [2, 10] } });
      return Math.abs(one['probability']![0]! - two['probability']![0]!);
    };
    expect(await alone(rewriteModel(dense(64), [quantizeInt8()]).bytes)).toBeGreaterThan(1e-3);
    expect(await alone(rewriteModel(dense(64), [storeInt8()]).bytes)).toBeLessThan(1e-5);
  });
});

describe('storeInt8', () => {
  it('quarters weights, answers within the rounding of the weights, and is not undone by folding', async () => {
    const { bytes, bytesBefore, bytesAfter, measured, steps } = await rewriteAndMeasure(dense(256), [
      storeInt8(),
      foldConstants(),
    ]);
    expect(bytesAfter / bytesBefore).toBeLessThan(0.5);
    expect(steps[1]!.changes).toEqual({});
    expect(operatorsOf(bytes).slice(0, 4)).toEqual(['Cast', 'Mul', 'Cast', 'Mul']);
    expect(measured.maxOutputChange).toBeGreaterThan(0);
    expect(measured.maxOutputChange).toBeLessThan(0.1);
  });

  it('is closer than quantising the activations too, over several LSTMs', async () => {
    const largest = { stored: 0, quantised: 0 };
    for (const seed of [4, 5, 6, 7]) {
      const bytes = buildLstmModel(
        randomLstm(new SeededRandom(seed), { steps: 12, channels: 6, units: [24, 16] }),
      );
      const stored = await rewriteAndMeasure(bytes, [storeInt8()]);
      const quantised = await rewriteAndMeasure(bytes, [quantizeInt8({ reduceRange: false })]);
      largest.stored += stored.measured.maxOutputChange;
      largest.quantised += quantised.measured.maxOutputChange;
    }
    expect(largest.stored).toBeLessThan(largest.quantised);
  });

  it('makes the LSTM of an ensemble smaller and leaves its trees', async () => {
    const random = new SeededRandom(9);
    const trees = randomEnsemble(random, { trees: 5, depth: 3, features: 4 });
    const bytes = buildEnsembleModel({
      featureNames: trees.featureNames,
      members: [
        { kind: 'trees', name: 'xgboost', weight: 1, trees },
        {
          kind: 'lstm',
          name: 'lstm',
          weight: 1,
          lstm: randomLstm(random, { steps: 8, channels: 4, units: [20] }),
        },
      ],
    });
    for (const rewrite of [storeInt8(), quantizeInt8()]) {
      const { bytes: after, measured, bytesAfter, bytesBefore } = await rewriteAndMeasure(bytes, [rewrite]);
      expect(bytesAfter).toBeLessThan(bytesBefore);
      expect(measured.maxOutputChange).toBeLessThan(0.05);
      expect(checkModel(after).inputs).toEqual(checkModel(bytes).inputs);
    }
  });
});
