import { SeededRandom } from '@headrace/kernel';
import { describe, expect, it } from 'vitest';
import { buildLstmModel } from '../build/build-lstm-model.js';
import { decodeModel, buildModel, rewriteAndMeasure } from '../testing/apply-rewrite.js';
import { randomLstm } from '../testing/lstm-by-hand.js';
import { pruneWeights } from './prune-weights.js';
import { quantizeInt8 } from './quantize-int8.js';
import { RewriteRefusedError } from './rewrite.js';
import { rewriteModel } from './rewrite-model.js';
import { readTensor } from '../tensor-values.js';

const lstm = buildLstmModel(randomLstm(new SeededRandom(4), { steps: 12, channels: 6, units: [32] }));

function product(values: readonly number[]): Uint8Array {
  return buildModel(values.length, (g) =>
    g.node('MatMul', ['features', g.floats('w', [values.length, 1], values)], 'p'),
  );
}

function weightsAfter(values: readonly number[], sparsity: number): readonly number[] {
  const { bytes } = rewriteModel(product(values), [pruneWeights({ sparsity, minWeights: 1 })]);
  return [
    ...readTensor(decodeModel(bytes).graph!.initializer!.find(({ name }) => name === 'w')!)!.values,
  ].map(Number);
}

describe('pruneWeights', () => {
  it('makes the smallest magnitudes zero, and of equal ones the first', () => {
    expect(weightsAfter([4, -1, 3, 2], 0.5)).toEqual([4, 0, 3, 0]);
    expect(weightsAfter([1, -1, 1, 5], 0.5)).toEqual([0, 0, 1, 5]);
    // 0.1 of 4 is less than half a weight.
    expect(weightsAfter([4, -1, 3, 2], 0.1)).toEqual([4, -1, 3, 2]);
  });

  it('reports how many weights went, the largest of them, and the size after compression', async () => {
    const { steps, measured, bytesAfter, bytesBefore } = await rewriteAndMeasure(lstm, [
      pruneWeights({ sparsity: 0.5 }),
    ]);
    expect(steps[0]!.changes['prunedWeights']).toBe((4 * 32 * 6 + 4 * 32 * 32) / 2);
    expect(steps[0]!.changes['largestWeightChange']).toBeGreaterThan(0.3);
    expect(bytesAfter).toBe(bytesBefore);
    expect(measured.compressedBytesAfter / measured.compressedBytesBefore).toBeLessThan(0.7);
    expect(measured.maxOutputChange).toBeGreaterThan(0);
  });

  it('moves answers further when it prunes ten times as much', async () => {
    const few = await rewriteAndMeasure(lstm, [pruneWeights({ sparsity: 0.05 })]);
    const many = await rewriteAndMeasure(lstm, [pruneWeights({ sparsity: 0.5 })]);
    expect(few.measured.meanOutputChange!).toBeLessThan(many.measured.meanOutputChange! / 2);
  });

  it('changes nothing the second time, and its zeros stay zeros in int8', () => {
    const once = rewriteModel(lstm, [pruneWeights({ sparsity: 0.3 })]);
    expect(rewriteModel(once.bytes, [pruneWeights({ sparsity: 0.3 })]).bytes).toEqual(once.bytes);
    const { bytes } = rewriteModel(once.bytes, [quantizeInt8()]);
    const int8 = decodeModel(bytes).graph!.initializer!.filter(({ name }) => name!.endsWith('_int8'));
    const zeros = int8
      .flatMap((tensor) => [...readTensor(tensor)!.values])
      .filter((value) => value === 0).length;
    expect(zeros).toBeGreaterThanOrEqual(once.steps[0]!.changes['prunedWeights']!);
  });

  it.each([0, 1, -0.1, NaN])('refuses a sparsity of %s', (sparsity) => {
    expect(() => pruneWeights({ sparsity })).toThrow(RewriteRefusedError);
  });

  it('refuses weights that have no place in the order', () => {
    expect(() => weightsAfter([1, NaN, 2], 0.5)).toThrow(/w\[1\] is NaN/);
  });
});
