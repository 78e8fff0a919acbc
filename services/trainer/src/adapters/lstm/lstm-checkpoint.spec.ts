import { expect, it } from 'vitest';
import { decodeCheckpoint, encodeCheckpoint, type LstmTrainingState } from './lstm-checkpoint.js';

it('keeps losses that are no numbers: a resumed training must not take them for 0', () => {
  const state: LstmTrainingState = {
    epoch: 2,
    batch: 1,
    lossSum: Number.NaN,
    weightSum: 4,
    parameters: [Float32Array.of(1, 2)],
    slots: { steps: 3, first: [Float32Array.of(3, 4)], second: [Float32Array.of(5, 6)] },
    stopping: { best: { epoch: 0, score: Infinity }, waited: 1 },
    bestParameters: [Float32Array.of(7, 8)],
    trainLosses: [0.5, Infinity],
    validationLosses: [Infinity, Number.NaN],
  };
  expect(decodeCheckpoint(encodeCheckpoint(state, 'key'), 'key')).toEqual(state);
});
