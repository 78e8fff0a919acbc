import { spawnSync } from 'node:child_process';
import { SeededRandom } from '@headrace/kernel';
import { buildLstmModel } from '@headrace/onnx';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sequenceSettings } from '../../application/sequence-settings.js';
import { type SequenceTrainingRequest } from '../../application/sequence-trainer.js';
import { TensorflowSequenceTrainer } from './tensorflow-sequence-trainer.js';

const [steps, channels] = [6, 4];

function sequences(count: number, seed: number): { values: Float32Array; label: Float32Array } {
  const random = new SeededRandom(seed);
  const values = Float32Array.from({ length: count * steps * channels }, (_, at) => {
    const missing = random.next() < 0.1;
    return missing ? Number.NaN : 40 * (at % channels) + 10 * random.normal();
  });
  const label = Float32Array.from({ length: count }, (_, row) => {
    const at = (step: number): number => values[(row * steps + step) * channels] ?? 0;
    return at(steps - 1) > at(0) ? 1 : 0;
  });
  return { values, label };
}

const request: SequenceTrainingRequest = {
  steps,
  channels,
  settings: sequenceSettings.parse({ units: [8, 5], epochs: 4, batchSize: 32, learningRate: { peak: 0.01 } }),
  train: sequences(160, 1),
  validation: sequences(60, 2),
};
const trainer = new TensorflowSequenceTrainer();

describe('tensorflow.js in its thread', () => {
  it('trains, tells every epoch, and predicts what the exported ONNX model predicts, within 1e-5', async () => {
    const epochs: number[] = [];
    const model = await trainer.train(request, { onEpoch: ({ epoch }) => epochs.push(epoch) });
    expect(epochs).toEqual([0, 1, 2, 3]);
    expect(model.history['validation-logloss']).toHaveLength(4);

    const { values } = sequences(50, 3);
    const [padded, absent] = [48, 49].map((row) => row * steps * channels) as [number, number];
    values.fill(Number.NaN, padded, padded + 3 * channels);
    values.fill(Number.NaN, absent);
    const ours = await trainer.predict(model.weights, values);
    const session = await InferenceSession.create(buildLstmModel(model.weights), { logSeverityLevel: 4 });
    const answer = await session.run({ sequence: new Tensor('float32', values, [50, steps, channels]) });
    const theirs = answer['probability']!.data as Float32Array;
    const differences = ours.subarray(0, 49).map((p, row) => Math.abs(p - theirs[row]!));
    expect(Math.max(...differences)).toBeLessThan(1e-5);
    expect([ours[49], theirs[49]]).toEqual([Number.NaN, Number.NaN]);
    expect(new Set(ours).size).toBe(50);
  });

  it('leaves the event loop free while it trains', async () => {
    // More epochs than anybody waits for: only turns of the event loop can end it.
    const control = new AbortController();
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
      if (turns === 6) control.abort();
    }, 1);
    onTestFinished(() => clearInterval(timer));
    const settings = { ...request.settings, epochs: 10_000 };
    const training = trainer.train({ ...request, settings }, { signal: control.signal });
    await expect(training).rejects.toMatchObject({ code: 'TRAINER_TRAINING_CANCELLED' });
  });

  it('gives the same weights again', async () => {
    expect(await trainer.train(request)).toEqual(await trainer.train(request));
  });

  it('gives the same bits with any number of threads, also resumed', async () => {
    // Batches of 50 in passes of 9: six passes, the last one smaller, and a last batch of 10 with two.
    const shared = {
      ...request,
      settings: { ...request.settings, epochs: 2, batchSize: 50, rowsPerPass: 9 },
    };
    const checkpoints: Uint8Array[] = [];
    const one = await trainer.train(shared, { onCheckpoint: (bytes) => checkpoints.push(bytes) });
    const resumed = { ...shared, resume: checkpoints[0]! };
    expect(await new TensorflowSequenceTrainer(3).train(resumed)).toEqual(one);
  });

  it('stops within a batch of the abort, and resumes in another thread to the same bits', async () => {
    const control = new AbortController();
    const checkpoints: Uint8Array[] = [];
    const training = trainer.train(request, {
      signal: control.signal,
      onCheckpoint: (bytes) => {
        checkpoints.push(bytes);
        control.abort();
      },
      checkpointEverySteps: 2,
    });
    await expect(training).rejects.toMatchObject({ code: 'TRAINER_TRAINING_CANCELLED', kind: 'conflict' });
    const resumed = await trainer.train({ ...request, resume: checkpoints.at(-1)! });
    expect(resumed).toEqual(await trainer.train(request));
  });

  it('does not begin what was aborted before', async () => {
    await expect(trainer.train(request, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'TRAINER_TRAINING_CANCELLED',
    });
  });

  it('keeps code and kind of an error on its way out of the thread', async () => {
    const train = { values: new Float32Array(3), label: new Float32Array(1) };
    await expect(trainer.train({ ...request, train })).rejects.toMatchObject({
      code: 'TRAINER_SEQUENCES_UNFIT',
      kind: 'invalid',
    });
  });

  it('says nothing on the console and lets the process end', () => {
    const script = `
      import { TensorflowSequenceTrainer } from '${new URL('../../../dist/adapters/lstm/tensorflow-sequence-trainer.js', import.meta.url).href}';
      import { sequenceSettings } from '${new URL('../../../dist/application/sequence-settings.js', import.meta.url).href}';
      const train = { values: Float32Array.from({ length: 40 }, (_, at) => at), label: new Float32Array(10) };
      const settings = sequenceSettings.parse({ units: [2], epochs: 1, rowsPerPass: 4 });
      const model = await new TensorflowSequenceTrainer(2).train({ steps: 2, channels: 2, settings, train });
      process.stdout.write(String(model.epochs));`;
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      ['--input-type=module', '--eval', script],
      { encoding: 'utf8', timeout: 150_000 },
    );
    expect({ stdout, stderr, status }).toEqual({ stdout: '1', stderr: '', status: 0 });
  });
});
