import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { SeededRandom } from '@headrace/kernel';
import { findXgboostLibrary, XgboostGradientBooster, xgboostParameters } from '@headrace/trainer/xgboost';
import { median, type BenchResult } from './bench-result.js';

const rows = 100_000;
const columns = 50;
const rounds = 300;
const repetitions = 3;
const parameters = {
  objective: 'binary:logistic',
  tree_method: 'hist',
  max_depth: 6,
  learning_rate: 0.1,
  seed: 42,
} as const;

/** Python's wrapper around the same shared library, on the same bytes and threads; data loading is not timed on either side. */
const python = `
import json, sys, time
import numpy as np, xgboost as xgb
values, label, rows, columns, rounds, threads, parameters = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:7]), json.loads(sys.argv[7])
X = np.fromfile(values, dtype=np.float32).reshape(rows, columns); y = np.fromfile(label, dtype=np.float32)
begin = time.perf_counter()
train = xgb.DMatrix(X, label=y, nthread=threads)
booster = xgb.train({**parameters, "eval_metric": "logloss", "nthread": threads}, train, num_boost_round=rounds, evals=[(train, "train")], verbose_eval=False)
model = booster.save_raw("json")
print(json.dumps({"seconds": time.perf_counter() - begin, "version": xgb.__version__, "bytes": len(model)}))
`;

interface PythonRun {
  readonly seconds: number;
  readonly version: string;
}

/**
 * 100,000 rows of 50 features, 300 trees of depth 6, through the worker thread of the trainer: from the arrays to the
 * stored model. Beside it Python with the same library, when that Python has it.
 */
export async function benchTrain(): Promise<BenchResult[]> {
  const random = new SeededRandom(42);
  const values = Float32Array.from({ length: rows * columns }, () => random.normal());
  const label = Float32Array.from({ length: rows }, (_, row) => {
    const at = row * columns;
    const score = values[at]! - values[at + 1]! * values[at + 2]! + 0.5 * values[at + 3]! + random.normal();
    return score > 0.8 ? 1 : 0;
  });
  const directory = mkdtempSync(join(tmpdir(), 'headrace-bench-'));
  try {
    writeFileSync(join(directory, 'values'), values);
    writeFileSync(join(directory, 'label'), label);
    const interpreter = process.env['BENCH_PYTHON'] ?? 'python3';
    const threads = availableParallelism();
    const found = await findXgboostLibrary({
      configuredPath: process.env['XGBOOST_LIBRARY'] ?? pythonLibrary(interpreter) ?? '',
    });
    const booster = new XgboostGradientBooster(found, threads);
    const ours: number[] = [];
    const theirs: PythonRun[] = [];
    // Alternating, so that a noisy minute of the machine meets both.
    for (let run = 0; run < repetitions; run += 1) {
      const begin = performance.now();
      await booster.train({
        parameters: xgboostParameters.parse({ ...parameters, eval_metric: ['logloss'] }),
        rounds,
        featureNames: Array.from({ length: columns }, (_, column) => `f${column}`),
        train: { values, rows, columns, label },
      });
      ours.push((performance.now() - begin) / 1000);
      const other = runPython(interpreter, directory, threads);
      if (other?.version === found.version) theirs.push(other);
    }
    const value = median(ours);
    const reference = theirs.length === 0 ? undefined : median(theirs.map(({ seconds }) => seconds));
    return [
      {
        name: `train ${rows} x ${columns}, ${rounds} trees, XGBoost ${found.version} (${found.source}), ${threads} threads`,
        value,
        unit: 's',
        better: 'lower',
        ...(reference !== undefined && {
          reference: { name: `Python XGBoost ${found.version}`, value: reference },
          ratio: value / reference,
        }),
      },
    ];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function runPython(interpreter: string, directory: string, threads: number): PythonRun | undefined {
  const script = join(directory, 'train.py');
  writeFileSync(script, python);
  const sizes = [rows, columns, rounds, threads].map(String);
  const files = ['values', 'label'].map((name) => join(directory, name));
  try {
    const output = execFileSync(interpreter, [script, ...files, ...sizes, JSON.stringify(parameters)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return JSON.parse(output) as PythonRun;
  } catch (error) {
    process.stderr.write(
      `No comparison with Python: ${interpreter} has no xgboost (${error instanceof Error ? error.message.split('\n')[0]! : String(error)})\n`,
    );
    return undefined;
  }
}

/** The library that Python's package carries: both sides then run the same one. */
function pythonLibrary(interpreter: string): string | undefined {
  try {
    const path = execFileSync(
      interpreter,
      ['-c', 'import xgboost.libpath as p; print(p.find_lib_path()[0])'],
      {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    ).trim();
    return path;
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}
