import { SeededRandom } from '@headrace/kernel';
import { describe, expect, it } from 'vitest';
import { buildLstmModel } from '../build/build-lstm-model.js';
import { type GraphBuilder } from '../build/graph-builder.js';
import { checkModel } from '../admission/check-model.js';
import { decodeModel, buildModel, operatorsOf, rewriteAndMeasure } from '../testing/apply-rewrite.js';
import { randomLstm } from '../testing/lstm-by-hand.js';
import { foldConstants } from './fold-constants.js';
import { fromFloat16, toFloat16 } from './float16.js';
import { rewriteModel } from './rewrite-model.js';
import { storeFloat16 } from './store-float16.js';

describe('float16', () => {
  it.each([
    [0, 0x0000],
    [-0, 0x8000],
    [1, 0x3c00],
    [-2, 0xc000],
    [65_504, 0x7bff],
    [65_519, 0x7bff],
    [65_520, 0x7c00],
    [Infinity, 0x7c00],
    [2 ** -14, 0x0400],
    [2 ** -24, 0x0001],
    [2 ** -25, 0x0000],
    [2 ** -25 * 1.0001, 0x0001],
    [0.1, 0x2e66],
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
    [1e-45, 0x0000],
  ])('rounds %s to the bits of IEEE 754', (value, expected) => {
    expect(toFloat16(value)).toBe(expected);
  });

  it('brings every float16 back to itself, and what lies between two to the nearer', () => {
    for (let half = 0; half < 0x7c00; half += 1) {
      const value = fromFloat16(half);
      if (toFloat16(value) !== half) throw new Error(`${half} itself`);
      if (half === 0x7bff) continue;
      const next = fromFloat16(half + 1);
      const tie = (value + next) / 2;
      if (toFloat16(tie) !== (half % 2 === 0 ? half : half + 1)) throw new Error(`the tie above ${half}`);
      if (toFloat16(Math.fround(value + (next - value) * 0.501)) !== half + 1) {
        throw new Error(`above ${half}`);
      }
      if (toFloat16(Math.fround(value + (next - value) * 0.499)) !== half) {
        throw new Error(`below ${half + 1}`);
      }
    }
    expect(toFloat16(NaN)).toBe(0x7e00);
    expect(fromFloat16(0x7e00)).toBeNaN();
  });
});

const lstm = buildLstmModel(randomLstm(new SeededRandom(4), { steps: 12, channels: 6, units: [32] }));

const wide = (first: number): Uint8Array =>
  buildModel(20, (g: GraphBuilder) => {
    const values = Float32Array.from({ length: 400 }, (_, place) => (place === 0 ? first : Math.sin(place)));
    return g.node(
      'ReduceSum',
      [g.node('MatMul', ['features', g.floats('w', [20, 20], values)], 'p'), g.integers('axis', [1])],
      's',
    );
  });

describe('storeFloat16', () => {
  it('halves the weights and moves answers by less than a thousandth', async () => {
    const { bytes, bytesBefore, bytesAfter, measured, steps } = await rewriteAndMeasure(lstm, [
      storeFloat16(),
    ]);
    expect(bytesAfter / bytesBefore).toBeLessThan(0.62);
    expect(measured.maxOutputChange).toBeGreaterThan(0);
    expect(measured.maxOutputChange).toBeLessThan(1e-3);
    // 2^-11 of a weight below 4.
    expect(steps[0]!.changes['largestWeightChange']).toBeLessThan(4 * 2 ** -11);
    const { inputs, outputs, metadata } = checkModel(bytes);
    expect({ inputs, outputs, metadata }).toEqual(
      (({ inputs, outputs, metadata }) => ({ inputs, outputs, metadata }))(checkModel(lstm)),
    );
  });

  it('is not undone by folding, and changes nothing the second time', () => {
    const once = rewriteModel(lstm, [storeFloat16()]).bytes;
    expect(rewriteModel(once, [foldConstants(), storeFloat16()]).bytes).toEqual(once);
  });

  it('keeps a constant with a number beyond float16, and says which', () => {
    const { bytes, steps } = rewriteModel(wide(70_000), [storeFloat16()]);
    expect(operatorsOf(bytes)).toEqual(operatorsOf(wide(1)));
    expect(steps[0]!.left).toEqual(['w: 70000 is beyond float16, whose largest is 65504']);
    expect(operatorsOf(rewriteModel(wide(65_504), [storeFloat16()]).bytes)[0]).toBe('Cast');
  });

  it('refuses NaN, and leaves small constants, integers and what a caller may replace', () => {
    expect(() => rewriteModel(wide(NaN), [storeFloat16()])).toThrow(/w\[0\] is NaN/);
    expect(rewriteModel(wide(1), [storeFloat16({ minWeights: 401 })]).bytes).toEqual(wide(1));
    const model = decodeModel(wide(1));
    model.graph!.input!.push({ ...model.graph!.input![0]!, name: 'w' });
    expect(storeFloat16().apply(model).model).toBe(model);
  });
});
