import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { SeededRandom } from '@headrace/kernel';
import { findXgboostLibrary, XgboostGradientBooster, xgboostParameters } from '@headrace/trainer/xgboost';
import { median, type BenchResult } from './bench-result.js';
import { runPeer } from './peers/run-peer.js';

const rows = 100_000;
const columns = 50;
const rounds = 300;
const repetitions = 3;
const parameters = xgboostParameters.parse({
  objective: 'binary:logistic',
  eval_metric: ['logloss'],
  tree_method: 'hist',
  max_depth: 6,
  learning_rate: 0.1,
  seed: 42,
});

/**
 * 100,000 rows of 50 features, 300 trees of depth 6, through the worker thread of the trainer: from the arrays to the
 * stored model, the training loss measured every round. Beside it Python's wrapper around the same file of the library,
 * on the same bytes and threads, with the same OMP_WAIT_POLICY (passive, set in the environment; by default its threads spin,
 * which is slower where the processors are shared). Then every prediction is compared with Python's, bit for bit. Wall time is
 * the figure that matters; processor time is the one that a busy machine does not change.
 */
export async function benchTrain(): Promise<BenchResult[]> {
  const random = new SeededRandom(42);
  const values = Float32Array.from({ length: rows * columns }, () => random.normal());
  const label = Float32Array.from({ length: rows }, (_, row) => {
    const at = row * columns;
    const score = values[at]! - values[at + 1]! * values[at + 2]! + 0.5 * values[at + 3]! + random.normal();
    return score > 0.8 ? 1 : 0;
  });
  const data = { values, rows, columns };
  const threads = availableParallelism();
  const peer = runPeer('train.py', 'library');
  const booster = new XgboostGradientBooster(
    await findXgboostLibrary({
      configuredPath: process.env['XGBOOST_LIBRARY'] ?? peer?.versions['library'] ?? '',
    }),
    { threads },
  );
  const { version, path } = booster.library;
  const isSame = peer !== undefined && peer.versions['library'] === path;
  const directory = mkdtempSync(join(tmpdir(), 'headrace-bench-'));
  const ours: Times = { wall: [], processor: [] };
  const theirs: Times = { wall: [], processor: [] };
  let model: Uint8Array | undefined;
  try {
    writeFileSync(join(directory, 'values'), values);
    writeFileSync(join(directory, 'label'), label);
    // Alternating, so that load on the machine affects both.
    for (let run = 0; run < repetitions; run += 1) {
      const begin = performance.now();
      const before = process.cpuUsage();
      const trained = await booster.train({
        parameters,
        rounds,
        featureNames: Array.from({ length: columns }, (_, column) => `f${column}`),
        train: { ...data, label },
      });
      ours.wall.push((performance.now() - begin) / 1000);
      const { user, system } = process.cpuUsage(before);
      ours.processor.push((user + system) / 1e6);
      model = trained.json;
      const sizes = [rows, columns, rounds, threads].map(String);
      const python = isSame
        ? runPeer('train.py', 'train', directory, ...sizes, JSON.stringify(parameters))
        : undefined;
      if (python === undefined) continue;
      theirs.wall.push(python.values['train_seconds']!);
      theirs.processor.push(python.values['processor_seconds']!);
    }
    const name = `XGBoost ${version}, ${threads} threads`;
    const reference = `Python XGBoost ${version}, same library`;
    const results = [
      toResults(`train ${rows} x ${columns}, ${rounds} trees (${name})`, ours.wall, reference, theirs.wall),
      toResults('processor time of it', ours.processor, reference, theirs.processor),
    ];
    if (model === undefined || theirs.wall.length === 0) return results;
    for (const [kind, file] of [
      ['value', 'predicted'],
      ['margin', 'margin'],
    ] as const) {
      results.push({
        name: `${kind}s that differ from Python's in any bit, of ${rows}`,
        value: countDiffering(await booster.predict(model, data, kind), join(directory, file)),
        unit: 'rows',
        better: 'lower',
      });
    }
    return results;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

interface Times {
  readonly wall: number[];
  readonly processor: number[];
}

function toResults(
  name: string,
  ours: readonly number[],
  reference: string,
  theirs: readonly number[],
): BenchResult {
  const value = median(ours);
  const result = { name, value, unit: 's', better: 'lower' } as const;
  if (theirs.length === 0) return result;
  const other = median(theirs);
  return { ...result, reference: { name: reference, value: other } };
}

/** Compares bits: NaN equals itself, and 0 differs from -0. */
function countDiffering(ours: Float32Array, file: string): number {
  const bytes = readFileSync(file);
  const bits = new Uint32Array(new Uint8Array(bytes).buffer);
  if (bits.length !== ours.length) {
    throw new Error(`Python predicted ${bits.length} rows, ours are ${ours.length}`);
  }
  return new Uint32Array(ours.buffer, ours.byteOffset, ours.length).reduce(
    (count, value, row) => count + (value === bits[row] ? 0 : 1),
    0,
  );
}
