import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAppError } from '@headrace/kernel';
import { describe, expect, it } from 'vitest';
import { xgboostParameters } from '../../application/training-plan.js';
import { Booster } from './booster.js';
import { DMatrix } from './d-matrix.js';
import { findXgboostLibrary } from './find-xgboost-library.js';
import { trainBooster, type LabelledMatrix, type TrainOptions } from './train-booster.js';
import { XgboostLibrary } from './xgboost-library.js';

interface GoldenRun {
  changes: Record<string, unknown>;
  rounds: number;
  bestRound: number;
  bestScore: number;
  history: Record<string, number[]>;
  value: number[];
  bestValue: number[];
  margin: number[];
  leaf: number[];
  contribs: number[];
  gain: Record<string, number>;
  weight: Record<string, number>;
}

interface Golden {
  xgboost: string;
  parameters: Record<string, unknown>;
  columns: number;
  featureNames: string[];
  trainRows: number;
  x: (number | null)[];
  y: number[];
  w: number[];
  runs: Record<'exact' | 'hist' | 'sampled', GoldenRun>;
}

/** Made by golden/make-golden.py with Python's XGBoost of that version, seed 42. */
function golden(version: string): Golden {
  return JSON.parse(
    readFileSync(join(import.meta.dirname, 'golden', `golden-${version}.json`), 'utf8'),
  ) as Golden;
}

function part(data: Golden, begin: number, end: number): LabelledMatrix {
  const values = Float32Array.from(data.x, (value) => value ?? Number.NaN);
  return {
    values: values.slice(begin * data.columns, end * data.columns),
    rows: end - begin,
    columns: data.columns,
    featureNames: data.featureNames,
    label: Float32Array.from(data.y.slice(begin, end)),
    weight: Float32Array.from(data.w.slice(begin, end)),
  };
}

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (isAppError(error)) return error.code;
    throw error;
  }
  throw new Error('nothing was thrown');
}

const library = XgboostLibrary.load(
  (await findXgboostLibrary({ configuredPath: process.env['XGBOOST_LIBRARY'] ?? '' })).path,
);

const simple = golden('3.2.0');
const rows = part(simple, 0, 300);
const later = part(simple, 300, 400);
const options: TrainOptions = {
  parameters: xgboostParameters.parse(simple.parameters),
  rounds: 10,
  threads: 2,
  data: rows,
};

function training<T>(changes: Partial<TrainOptions>, use: (booster: Booster) => T): T {
  const { booster } = trainBooster(library, { ...options, ...changes });
  try {
    return use(booster);
  } finally {
    booster.free();
  }
}

function predict(
  booster: Booster,
  data: LabelledMatrix,
  ...rest: [Parameters<Booster['predict']>[1]?]
): number[] {
  const matrix = DMatrix.from(library, data, { threads: 2 });
  try {
    return Array.from(booster.predict(matrix, ...rest).values);
  } finally {
    matrix.free();
  }
}

function expectClose(actual: readonly number[], expected: readonly number[], tolerance: number): void {
  expect(actual).toHaveLength(expected.length);
  const distance = expected.reduce(
    (most, value, index) => Math.max(most, Math.abs(value - (actual[index] ?? NaN))),
    0,
  );
  expect(distance).toBeLessThanOrEqual(tolerance);
}

describe.each(['1.7.6', '3.2.0'])('a training, compared with Python XGBoost %s', (version) => {
  const data = golden(version);
  const train = part(data, 0, data.trainRows);
  const validation = part(data, data.trainRows, data.y.length);

  // Sampling draws other rows in 1.x than since 2.0, so that run is compared within its generation only.
  const sameGeneration = version.startsWith('1.') === library.version.startsWith('1.');
  it.each([...(['exact', 'hist'] as const), ...(sameGeneration ? (['sampled'] as const) : [])])(
    'gives the same model, scores and predictions (%s)',
    (name) => {
      const run = data.runs[name];
      const trained = trainBooster(library, {
        parameters: xgboostParameters.parse({ ...data.parameters, ...run.changes }),
        rounds: 60,
        threads: 2,
        data: train,
        evaluation: [
          { name: 'train', data: train },
          { name: 'validation', data: validation },
        ],
        earlyStopping: { rounds: 8 },
      });
      const { booster } = trained;
      const head = { ...validation, values: validation.values.slice(0, 12 * data.columns), rows: 12 };
      const first = { ...head, label: head.label.slice(0, 12), weight: validation.label.slice(0, 12) };
      expect(booster.rounds).toBe(run.rounds);
      expect(trained.best?.round).toBe(run.bestRound);
      expect(trained.stopped).toBe('early');
      for (const [metric, scores] of Object.entries(run.history))
        expectClose(trained.history[metric] ?? [], scores, 1e-6);
      expectClose(predict(booster, validation), run.value, 1e-6);
      expectClose(predict(booster, validation, { kind: 'margin' }), run.margin, 1e-5);
      expectClose(predict(booster, validation, { rounds: [0, run.bestRound + 1] }), run.bestValue, 1e-6);
      expectClose(predict(booster, first, { kind: 'leaf', rounds: [0, 5] }), run.leaf, 0);
      expectClose(predict(booster, first, { kind: 'contribs' }), run.contribs, 1e-5);
      expect(Object.keys(booster.importance('gain')).sort()).toEqual(Object.keys(run.gain).sort());
      for (const [feature, gain] of Object.entries(run.gain))
        expect(booster.importance('gain')[feature]).toBeCloseTo(gain, 4);
      expect(booster.importance('weight')).toEqual(run.weight);
      booster.free();
    },
  );
});

describe('a booster', () => {
  it.each(['json', 'ubj'] as const)(
    'comes back from %s with its predictions, names and attributes',
    (format) => {
      training({}, (booster) => {
        booster.setAttribute('view', 'system_metrics');
        const restored = Booster.load(library, booster.save(format));
        expect(predict(restored, later)).toEqual(predict(booster, later));
        expect(restored.featureNames).toEqual(simple.featureNames);
        expect(restored.features).toBe(5);
        expect(restored.attribute('view')).toBe('system_metrics');
        expect(restored.attributeNames).toContain('view');
        restored.setAttribute('view', undefined);
        expect(restored.attribute('view')).toBeUndefined();
        restored.free();
      });
    },
  );

  it('keeps the names of its features when it is cut', () => {
    training({}, (booster) => {
      const cut = booster.slice(0, 4);
      expect(cut.rounds).toBe(4);
      expect(cut.featureNames).toEqual(simple.featureNames);
      expect(predict(cut, later)).toEqual(predict(booster, later, { rounds: [0, 4] }));
      cut.free();
    });
  });

  it('continues a training where it ended, to the model of one training', () => {
    const half = training({ rounds: 5 }, (booster) => booster.save('ubj'));
    const whole = training({ rounds: 10 }, (booster) => predict(booster, later));
    training({ rounds: 5, continueFrom: half }, (booster) => {
      expect(booster.rounds).toBe(10);
      expectClose(predict(booster, later), whole, 1e-5);
    });
  });

  it('gives contributions that sum up to the margin', () => {
    training({}, (booster) => {
      const margins = predict(booster, later, { kind: 'margin' });
      const contributions = predict(booster, later, { kind: 'contribs' });
      const sums = margins.map((_, row) =>
        contributions.slice(row * 6, row * 6 + 6).reduce((sum, value) => sum + value, 0),
      );
      expectClose(sums, margins, 1e-4);
    });
  });

  it('refuses rows with another number of columns, which XGBoost itself would answer', () => {
    const narrow = { values: new Float32Array(8), rows: 2, columns: 4, label: new Float32Array(2) };
    training({}, (booster) => expect(codeOf(() => predict(booster, narrow))).toBe('TRAINER_MATRIX_SHAPE'));
  });

  it('says that it was freed instead of reading freed memory', () => {
    const booster = Booster.create(library, {});
    booster.free();
    booster.free();
    expect(codeOf(() => booster.rounds)).toBe('TRAINER_BOOSTER_FREED');
  });
});

describe('a training', () => {
  it('treats the declared value as missing, like NaN', () => {
    const filled = { ...rows, values: rows.values.map((value) => (Number.isNaN(value) ? -999 : value)) };
    const marked = training({ data: filled, missing: -999 }, (booster) => predict(booster, later));
    expect(marked).toEqual(training({}, (booster) => predict(booster, later)));
  });

  it('weighs rows: a weight of 0 is a row that is not there', () => {
    const without = { ...part(simple, 0, 200), weight: new Float32Array(200).fill(1) };
    const weight = Float32Array.from({ length: 300 }, (_, row) => (row < 200 ? 1 : 0));
    const parameters = { ...options.parameters, tree_method: 'exact' as const, max_depth: 1 };
    const ignored = training({ parameters, data: { ...rows, weight } }, (booster) => predict(booster, later));
    const absent = training({ parameters, data: without }, (booster) => predict(booster, later));
    const correlation = ignored.filter((value, row) => Math.abs(value - (absent[row] ?? NaN)) < 0.05).length;
    expect(correlation).toBeGreaterThan(90);
  });

  it('is cancelled between two rounds', () => {
    let asked = 0;
    expect(codeOf(() => trainBooster(library, { ...options, isCancelled: () => (asked += 1) > 3 }))).toBe(
      'TRAINER_TRAINING_CANCELLED',
    );
    expect(asked).toBe(4);
  });

  it('ends with the model as it is when the callback says so', () => {
    const { booster, stopped } = trainBooster(library, {
      ...options,
      onRound: (round) => (round === 2 ? 'stop' : undefined),
    });
    expect([booster.rounds, stopped]).toEqual([3, 'callback']);
    booster.free();
  });

  it('learns from a set with a constant column and never splits on it', () => {
    training({}, (booster) => expect(booster.importance('weight')).not.toHaveProperty('constant'));
  });

  it('learns nothing but the rate from columns that are all NaN', () => {
    const blind = { ...rows, values: new Float32Array(1500).fill(Number.NaN) };
    training({ data: blind, rounds: 50 }, (booster) => {
      expect(new Set(predict(booster, later)).size).toBe(1);
      expect(booster.importance('gain')).toEqual({});
    });
  });

  it.each([
    ['an empty set', { data: { ...rows, values: new Float32Array(0), label: new Float32Array(0), rows: 0 } }],
    ['one class only', { data: { ...rows, label: new Float32Array(300) } }],
    ['no rounds', { rounds: 0 }],
    ['early stopping with nothing to watch', { earlyStopping: { rounds: 3 } }],
    [
      'early stopping on a metric that is not measured',
      { earlyStopping: { rounds: 3, metric: 'rmse' }, evaluation: [{ name: 'later', data: later }] },
    ],
    ['a set whose name would be misread', { evaluation: [{ name: 'a-b', data: later }] }],
  ] satisfies [string, Partial<TrainOptions>][])('refuses %s with a reason', (_, changes) => {
    expect(codeOf(() => trainBooster(library, { ...options, ...changes }))).toBe(
      'TRAINER_TRAINING_DATA_UNFIT',
    );
  });

  it.each([
    ['too few labels', { data: { ...rows, label: new Float32Array(299).fill(1, 3) } }],
    ['too few values', { data: { ...rows, values: rows.values.slice(1) } }],
    ['too few names', { data: { ...rows, featureNames: ['cpu'] } }],
    ['too few weights', { data: { ...rows, weight: new Float32Array(1) } }],
  ] satisfies [string, Partial<TrainOptions>][])(
    'refuses %s before the library reads beyond its end',
    (_, changes) => {
      expect(codeOf(() => trainBooster(library, { ...options, ...changes }))).toBe('TRAINER_MATRIX_SHAPE');
    },
  );

  it.each([
    [
      'infinity among the values',
      { data: { ...rows, values: rows.values.with(0, Number.POSITIVE_INFINITY) } },
    ],
    ['labels outside of 0 and 1', { data: { ...rows, label: rows.label.map((label) => label * 3) } }],
    ['a label that is NaN', { data: { ...rows, label: rows.label.with(0, Number.NaN) } }],
    ['a negative weight', { data: { ...rows, weight: rows.label.map(() => -1) } }],
    [
      'a parameter that is no number',
      { parameters: { ...options.parameters, max_depth: 'deep' as unknown as number } },
    ],
    ['a model to continue from that is none', { continueFrom: new Uint8Array([1, 2, 3]) }],
  ] satisfies [string, Partial<TrainOptions>][])(
    'turns what XGBoost says to %s into a typed error',
    (_, changes) => {
      expect(codeOf(() => trainBooster(library, { ...options, ...changes }))).toBe(
        'TRAINER_XGBOOST_CALL_FAILED',
      );
    },
  );

  it('keeps its memory flat over 200 trainings, refused ones included', () => {
    const once = (): void => {
      training({ rounds: 3, evaluation: [{ name: 'later', data: later }] }, (booster) =>
        predict(booster, later),
      );
      codeOf(() =>
        trainBooster(library, { ...options, data: { ...rows, label: rows.label.map(() => 3).with(0, 1) } }),
      );
    };
    for (let warmUp = 0; warmUp < 60; warmUp += 1) once();
    const before = process.memoryUsage().rss;
    for (let run = 0; run < 200; run += 1) once();
    // A leak of the matrices alone would be 200 x 2 x 8 kB of values and far more of XGBoost's own pages.
    expect(process.memoryUsage().rss - before).toBeLessThan(24 * 1024 * 1024);
  });
});
