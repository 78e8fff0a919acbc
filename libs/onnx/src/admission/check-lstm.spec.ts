import { SeededRandom } from '@headrace/kernel';
import { describe, expect, it } from 'vitest';
import { buildLstmModel } from '../build/build-lstm-model.js';
import { checkModel } from './check-model.js';
import { quantizeInt8 } from '../rewrite/quantize-int8.js';
import { rewriteModel } from '../rewrite/rewrite-model.js';
import { decodeModel, encodeModel } from '../testing/apply-rewrite.js';
import { randomLstm } from '../testing/lstm-by-hand.js';

const plain = buildLstmModel(randomLstm(new SeededRandom(4), { steps: 4, channels: 3, units: [8] }));
const quantised = rewriteModel(plain, [quantizeInt8({ minWeights: 1 })]).bytes;

/** The file with `dims` for the constant that the LSTM reads as its `input`, and as many zeros as they say. */
function withShape(bytes: Uint8Array, input: number, dims: readonly number[]): Uint8Array {
  const model = decodeModel(bytes);
  const node = model.graph!.node!.find(({ opType }) => opType!.endsWith('LSTM'))!;
  const tensor = model.graph!.initializer!.find(({ name }) => name === node.input![input])!;
  const size = dims.reduce((product, one) => product * one, 1) * (tensor.dataType === 1 ? 4 : 1);
  Object.assign(tensor, { dims: [...dims], rawData: new Uint8Array(size) });
  return encodeModel(model);
}

describe('the shapes of an LSTM at admission', () => {
  it('lets both kinds through as they were built', () => {
    expect(checkModel(plain).operators).toContain('LSTM');
    expect(checkModel(quantised).operators).toContain('DynamicQuantizeLSTM');
  });

  it.each([
    ['input weights of fewer units', withShape(plain, 1, [1, 28, 3])],
    ['recurrent weights of fewer units', withShape(plain, 2, [1, 32, 7])],
    ['a short bias', withShape(plain, 3, [1, 8])],
    ['quantised weights of fewer units', withShape(quantised, 1, [1, 3, 28])],
    ['quantised recurrent weights of fewer units', withShape(quantised, 2, [1, 7, 32])],
    ['scales of fewer units', withShape(quantised, 8, [1, 4])],
    ['zero points for fewer units than scales', withShape(quantised, 11, [1])],
  ])('refuses %s, which onnxruntime would read past', (_, bytes) => {
    expect(() => checkModel(bytes)).toThrow(/units are|units is|scales of/);
  });

  it('refuses weights that are not there before the model runs', () => {
    const model = decodeModel(plain);
    model.graph!.node!.find(({ opType }) => opType === 'LSTM')!.input![1] = 'sequence';
    expect(() => checkModel(encodeModel(model))).toThrow(/not a constant/);
  });

  it('refuses a hidden size that is not that of its weights', () => {
    const model = decodeModel(plain);
    model.graph!.node!.find(({ opType }) => opType === 'LSTM')!.attribute![0]!.i = 9;
    expect(() => checkModel(encodeModel(model))).toThrow(/9 units/);
  });
});
