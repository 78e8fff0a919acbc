import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { SeededRandom } from '@headrace/kernel';
import { openWasmBackend, predictLstm, sequenceSettings, trainLstm } from '@headrace/trainer/lstm';
import { median, type BenchResult } from './bench-result.js';

const [rows, steps, channels, units, batchSize] = [4096, 15, 12, 32, 64];
const rounds = 3;
/** Wide enough for two threads to share it. */
const wideBatch = 512;

/**
 * One epoch of an LSTM over 4096 sequences of 15 steps x 12 channels, 32 units, batches of 64, with the trainer's own training
 * loop on WebAssembly. Alternating with it: the same passes on tensorflow.js's cpu backend, and tensorflow.js's own layers with
 * its tape and Adam, the obvious first implementation, on both backends. Start-up is not timed.
 */
export async function benchLstm(): Promise<readonly BenchResult[]> {
  const random = new SeededRandom(42);
  const values = Float32Array.from({ length: rows * steps * channels }, () => random.normal());
  const label = Float32Array.from({ length: rows }, (_, row) => {
    const at = row * steps * channels;
    return values[at + (steps - 1) * channels]! > values[at + (steps - 3) * channels]! ? 1 : 0;
  });
  await openWasmBackend();
  const ours = trainOurs(values, label);
  const theirs = trainLayers(values, label);
  const seconds = { ours: [], layers: [], cpu: [], cpuLayers: [] } as Record<string, number[]>;
  // Enough rows to compile the hot code before anything is timed.
  await measureSeconds('wasm', () => ours(512));
  await measureSeconds('wasm', () => theirs(512));
  await measureSeconds('cpu', () => ours(128));
  await measureSeconds('cpu', () => theirs(128));
  for (let round = 0; round < rounds; round += 1) {
    seconds['ours']!.push(await measureSeconds('wasm', () => ours(rows)));
    seconds['layers']!.push(await measureSeconds('wasm', () => theirs(rows)));
    if (round > 0) continue;
    seconds['cpu']!.push(await measureSeconds('cpu', () => ours(rows)));
    seconds['cpuLayers']!.push(await measureSeconds('cpu', () => theirs(rows)));
  }
  const [two, one] = [await measureWideEpoch(values, label, 2), await measureWideEpoch(values, label, 1)];
  const predicting = await measureForward(values, label);
  const value = median(seconds['ours']!);
  const shape = `${rows} x ${steps} x ${channels}, ${units} units`;
  const beside = (name: string, reference: number): BenchResult => ({
    name: `lstm: an epoch of ${shape}, wasm`,
    value,
    unit: 's',
    better: 'lower',
    reference: { name, value: reference },
  });
  return [
    beside(`the same on tensorflow.js ${tf.version_core} cpu`, median(seconds['cpu']!)),
    beside('layers of tensorflow.js on its cpu backend', median(seconds['cpuLayers']!)),
    beside('layers of tensorflow.js on wasm', median(seconds['layers']!)),
    {
      name: `lstm: an epoch in batches of ${wideBatch}, 2 threads`,
      value: two,
      unit: 's',
      better: 'lower',
      reference: { name: '1 thread', value: one },
    },
    {
      name: `lstm: forward pass of ${shape}, wasm`,
      value: rows / predicting,
      unit: 'sequences/s',
      better: 'higher',
    },
  ];
}

async function measureSeconds(backend: 'wasm' | 'cpu', work: () => unknown): Promise<number> {
  await tf.setBackend(backend);
  const begin = performance.now();
  await work();
  return (performance.now() - begin) / 1000;
}

function trainOurs(values: Float32Array, label: Float32Array): (count: number) => unknown {
  const settings = sequenceSettings.parse({ units: [units], epochs: 1, batchSize });
  return (count) =>
    trainLstm({
      steps,
      channels,
      settings,
      train: { values: values.subarray(0, count * steps * channels), label: label.subarray(0, count) },
    });
}

/** Seconds of an epoch in wide batches, without the first epoch, during which the other threads start. */
async function measureWideEpoch(values: Float32Array, label: Float32Array, threads: number): Promise<number> {
  await tf.setBackend('wasm');
  const ends: number[] = [];
  const settings = sequenceSettings.parse({
    units: [units],
    epochs: 4,
    batchSize: wideBatch,
    rowsPerPass: wideBatch / 2,
  });
  trainLstm(
    { steps, channels, settings, train: { values, label } },
    { threads, onEpoch: () => ends.push(performance.now()) },
  );
  return (ends.at(-1)! - ends[0]!) / 1000 / (ends.length - 1);
}

/** A new model for each run, because its weights belong to the backend that made them. */
function trainLayers(values: Float32Array, label: Float32Array): (count: number) => Promise<unknown> {
  return async (count) => {
    const model = sequential({
      layers: [
        layers.lstm({
          units,
          inputShape: [steps, channels],
          recurrentActivation: 'sigmoid',
          // The orthogonal initializer calls chained operations, which the packages do not register by themselves.
          recurrentInitializer: 'glorotUniform',
        }),
        layers.dense({ units: 1, activation: 'sigmoid' }),
      ],
    });
    model.compile({ optimizer: 'adam', loss: 'binaryCrossentropy' });
    const x = tf.tensor3d(values.subarray(0, count * steps * channels), [count, steps, channels]);
    const y = tf.tensor2d(label.subarray(0, count), [count, 1]);
    await model.fit(x, y, { epochs: 1, batchSize, yieldEvery: 'never' });
    tf.dispose([x, y]);
    model.dispose();
  };
}

async function measureForward(values: Float32Array, label: Float32Array): Promise<number> {
  await tf.setBackend('wasm');
  const { weights } = trainLstm({
    steps,
    channels,
    settings: sequenceSettings.parse({ units: [units], epochs: 1, batchSize }),
    train: { values: values.subarray(0, 64 * steps * channels), label: label.subarray(0, 64) },
  });
  const times: number[] = [];
  for (let run = 0; run < 5; run += 1) {
    times.push(await measureSeconds('wasm', () => predictLstm(weights, values)));
  }
  return median(times);
}
