import { describe, expect, it } from 'vitest';
import { sequenceSettings } from '../../application/sequence-settings.js';
import { PassCrew } from './pass-crew.js';

describe('a crew that shares the passes of a batch', () => {
  it('tells what a member died of, instead of waiting for it', () => {
    const shape = { steps: 2, channels: 1, units: [1] };
    const train = { values: new Float32Array(4), label: new Float32Array(2) };
    const settings = sequenceSettings.parse({ rowsPerPass: 1 });
    // A layer of 1 unit and 1 channel has 12 weights, not 5.
    const sizes = [5, 2];
    const crew = PassCrew.start(2, { shape, settings, train, sizes }, 2);
    crew.begin({ epoch: 0, from: 0, to: 2, weight: 2 }, [new Float32Array(5), new Float32Array(2)]);
    expect(() => crew.join()).toThrow(
      expect.objectContaining({
        code: 'TRAINER_LSTM_WORKER_FAILED',
        message: expect.stringContaining('[4,3]') as string,
      }),
    );
    crew.close();
  });
});
