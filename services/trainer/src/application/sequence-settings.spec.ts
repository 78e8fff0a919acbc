import { describe, expect, it } from 'vitest';
import { sequenceSettings } from './sequence-settings.js';

describe('settings of a sequence model', () => {
  it('have a default each, of nested ones too', () => {
    expect(sequenceSettings.parse({ learningRate: { peak: 0.1 } })).toEqual({
      units: [32],
      epochs: 30,
      batchSize: 64,
      rowsPerPass: 256,
      learningRate: { peak: 0.1, warmUpSteps: 0, finalShare: 0.1 },
      clipNorm: 1,
      weightDecay: 0,
      earlyStopping: { patience: 5, minDelta: 0 },
      distillation: { temperature: 3, teacherShare: 0.5 },
      seed: 0,
    });
  });

  it.each([
    ['a name that is not one', { dropout: 0.1 }],
    ['a misspelt nested name', { earlyStopping: { patients: 3 } }],
    ['a network without layers', { units: [] }],
    ['a batch of nothing', { batchSize: 0 }],
    ['a clip norm of 0', { clipNorm: 0 }],
    ['a temperature of 0', { distillation: { temperature: 0 } }],
    ['a share above 1', { learningRate: { finalShare: 1.5 } }],
  ])('refuse %s', (_, settings) => {
    expect(sequenceSettings.safeParse(settings).success).toBe(false);
  });
});
