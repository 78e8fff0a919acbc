import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAppError } from '@headrace/kernel';
import { describe, expect, it } from 'vitest';
import { xgboostParameters } from '../../../application/xgboost-parameters.js';
import { Booster } from '../booster.js';
import { DMatrix, type CsrMatrix, type DenseMatrix } from '../d-matrix.js';
import { trainBooster, type TrainOptions } from '../train-booster.js';
import { openHandles } from '../native-handle.js';
import { type XgboostLibrary } from '../xgboost-library.js';

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
  runs: Record<'exact' | 'hist' | 'squared' | 'sampled', GoldenRun>;
  ranking: { sizes: number[]; grade: number[]; weight: number[]; ndcg: number[]; margin: number[] };
  sparse: { offsets: number[]; indices: number[]; values: number[]; margin: number[] };
}

type Labelled = DenseMatrix & {
  readonly values: Float32Array;
  readonly label: Float32Array;
  readonly weight: Float32Array;
};

/** Made by golden/make-golden.py with Python's XGBoost of that version, seed 42. */
function golden(version: string): Golden {
  return JSON.parse(
    readFileSync(join(import.meta.dirname, '../golden', `golden-${version}.json`), 'utf8'),
  ) as Golden;
}

function part(data: Golden, begin: number, end: number): Labelled {
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

const simple = golden('3.2.0');
const rows = part(simple, 0, 300);
const later = part(simple, 300, 400);
const cells: CsrMatrix & { readonly label: Float32Array } = {
  rows: 2,
  columns: 5,
  offsets: Uint32Array.of(0, 2, 3),
  indices: Uint32Array.of(0, 1, 4),
  values: Float32Array.of(1, 2, 3),
  label: Float32Array.of(0, 1),
};
const options: TrainOptions = {
  parameters: xgboostParameters.parse(simple.parameters),
  rounds: 10,
  threads: 2,
  data: rows,
};

function expectClose(actual: readonly number[], expected: readonly number[], tolerance: number): void {
  expect(actual).toHaveLength(expected.length);
  const distance = expected.reduce(
    (most, value, index) => Math.max(most, Math.abs(value - (actual[index] ?? NaN))),
    0,
  );
  expect(distance).toBeLessThanOrEqual(tolerance);
}

/**
 * What a training gives, the same with every library from 1.7 to 3.2. One library a process: two of them in one would
 * share what their C++ declares unique.
 */
export function describeTraining(library: XgboostLibrary): void {
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
    data: DenseMatrix | CsrMatrix,
    ...rest: [Parameters<Booster['predict']>[1]?]
  ): number[] {
    const matrix = DMatrix.from(library, data, { threads: 2 });
    try {
      return Array.from(booster.predict(matrix, ...rest).values);
    } finally {
      matrix.free();
    }
  }

  describe.each(['1.7.5', '3.2.0'])('a training, compared with Python XGBoost %s', (version) => {
    const data = golden(version);
    const train = part(data, 0, data.trainRows);
    const validation = part(data, data.trainRows, data.y.length);
    const sameGeneration = version.startsWith('1.') === library.version.startsWith('1.');

    // The same library as Python had: not a bit may differ where no exp() of the C library comes in.
    if (version === library.version) {
      it('gives the same bits', () => {
        const run = data.runs.squared;
        const parameters = xgboostParameters.parse({ ...data.parameters, ...run.changes });
        training({ parameters, rounds: run.rounds, data: train }, (booster) => {
          expect(predict(booster, validation)).toEqual(run.value);
          expect(predict(booster, validation, { kind: 'margin' })).toEqual(run.margin);
        });
      });
    }

    it('ranks groups of rows with a weight each', () => {
      const { sizes, grade, weight, ndcg, margin } = data.ranking;
      const parameters = xgboostParameters.parse({
        objective: 'rank:pairwise',
        eval_metric: ['ndcg@5'],
        max_depth: 3,
        learning_rate: 0.3,
        base_score: 0.5,
      });
      const grouped = {
        ...train,
        label: Float32Array.from(grade),
        weight: Float32Array.from(weight),
        group: Uint32Array.from(sizes),
      };
      const evaluation = [{ name: 'train', data: grouped }];
      const trained = trainBooster(library, { parameters, rounds: 8, threads: 2, data: grouped, evaluation });
      const margins = predict(trained.booster, validation, { kind: 'margin' });
      trained.booster.free();
      // The pairs are drawn otherwise since 2.0.
      if (sameGeneration) {
        expectClose(trained.history['train-ndcg@5'] ?? [], ndcg, 1e-6);
        expectClose(margins, margin, 1e-5);
      } else expect(trained.history['train-ndcg@5']?.at(-1)).toBeGreaterThan(0.7);
    });

    it('learns from sparse rows, where what is not there is missing', () => {
      const { offsets, indices, values, margin } = data.sparse;
      const sparse = {
        offsets: Uint32Array.from(offsets),
        indices: Uint32Array.from(indices),
        values: Float32Array.from(values),
        rows: 300,
        columns: data.columns,
        label: train.label,
      };
      training(
        {
          parameters: xgboostParameters.parse({ ...data.parameters, tree_method: 'hist' }),
          rounds: 8,
          data: sparse,
        },
        (booster) => expectClose(predict(booster, sparse, { kind: 'margin' }), margin, 1e-5),
      );
    });

    // Sampling draws other rows in 1.x than since 2.0, so that run is compared within its generation only.
    it.each([...(['exact', 'hist', 'squared'] as const), ...(sameGeneration ? (['sampled'] as const) : [])])(
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
        for (const [metric, scores] of Object.entries(run.history)) {
          expectClose(trained.history[metric] ?? [], scores, 1e-6);
        }
        expectClose(predict(booster, validation), run.value, 1e-6);
        expectClose(predict(booster, validation, { kind: 'margin' }), run.margin, 1e-5);
        expectClose(predict(booster, validation, { rounds: [0, run.bestRound + 1] }), run.bestValue, 1e-6);
        expectClose(predict(booster, first, { kind: 'leaf', rounds: [0, 5] }), run.leaf, 0);
        expectClose(predict(booster, first, { kind: 'contribs' }), run.contribs, 1e-5);
        expect(Object.keys(booster.importance('gain')).sort()).toEqual(Object.keys(run.gain).sort());
        for (const [feature, gain] of Object.entries(run.gain)) {
          expect(booster.importance('gain')[feature]).toBeCloseTo(gain, 4);
        }
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
      expect(codeOf(() => booster.rounds)).toBe('TRAINER_XGBOOST_HANDLE_FREED');
    });
  });

  describe('a training', () => {
    it('treats the declared value as missing, like NaN', () => {
      const filled = { ...rows, values: rows.values.map((value) => (Number.isNaN(value) ? -999 : value)) };
      const marked = training({ data: filled, missing: -999 }, (booster) => predict(booster, later));
      expect(marked).toEqual(training({}, (booster) => predict(booster, later)));
    });

    it.each([
      ['doubles', Float64Array],
      ['small whole numbers', Int8Array],
      ['large whole numbers', Int32Array],
      ['bytes', Uint8Array],
    ])('reads %s where they lie, to the same model as from floats', (_, Type) => {
      const whole = rows.values.map((value) => (Number.isNaN(value) ? 99 : Math.abs(Math.round(value * 10))));
      const typed = { ...rows, values: Type.from(whole) };
      training({ data: typed, missing: 99 }, (booster) => {
        const floats = training({ data: { ...rows, values: whole }, missing: 99 }, (same) =>
          same.save('ubj'),
        );
        expect(booster.save('ubj')).toEqual(floats);
      });
    });

    it('takes sparse rows with every cell there for the dense rows that they are', () => {
      const cells = rows.rows * rows.columns;
      const sparse: CsrMatrix = {
        rows: rows.rows,
        columns: rows.columns,
        featureNames: simple.featureNames,
        offsets: BigUint64Array.from({ length: rows.rows + 1 }, (_, row) => BigInt(row * rows.columns)),
        indices: Int32Array.from({ length: cells }, (_, cell) => cell % rows.columns),
        values: rows.values,
      };
      const { label, weight } = rows;
      training({ data: { ...sparse, label, weight } }, (booster) =>
        expect(predict(booster, later)).toEqual(training({}, (same) => predict(same, later))),
      );
    });

    it('begins with the margins that it is given', () => {
      const baseMargin = new Float32Array(300).fill(2);
      const shifted = training({ data: { ...rows, baseMargin } }, (booster) => predict(booster, later));
      const parameters = { ...options.parameters, base_score: 1 / (1 + Math.exp(-2)) };
      const known = training({ parameters }, (booster) => predict(booster, later, { kind: 'margin' }));
      const margins = shifted.map((value) => Math.log(value / (1 - value)) + 2);
      expectClose(margins, known, 1e-3);
    });

    it('lets a prediction only rise with a column that may only raise it', () => {
      const parameters: TrainOptions['parameters'] = {
        ...options.parameters,
        monotone_constraints: [0, 1, 0, 0, 0],
      };
      const grid = Float32Array.from({ length: 200 }, (_, cell) =>
        cell % 5 === 1 ? Math.floor(cell / 5) / 10 - 2 : 0.3,
      );
      const answer = (booster: Booster): number[] => predict(booster, { values: grid, rows: 40, columns: 5 });
      const rises = (values: readonly number[]): boolean =>
        values.every((value, row) => row === 0 || value >= values[row - 1]!);
      // The labels fall with that column.
      expect(rises(training({}, answer))).toBe(false);
      expect(rises(training({ parameters }, answer))).toBe(true);
    });

    it('lets only the columns of one group meet in a tree', () => {
      const parameters = { ...options.parameters, interaction_constraints: [[0], [1, 2, 3, 4]] };
      const interactions = (booster: Booster): number =>
        predict(booster, later, { kind: 'interactions' }).reduce(
          (most, value, index) => (index % 36 === 1 ? Math.max(most, Math.abs(value)) : most),
          0,
        );
      expect(training({}, interactions)).toBeGreaterThan(0.01);
      expect(training({ parameters }, interactions)).toBeLessThan(1e-4);
    });

    it('tells the library every parameter in the form that it reads', () => {
      const parameters = xgboostParameters.parse({
        booster: 'dart',
        eval_metric: ['auc', 'error@0.3'],
        rate_drop: 0.25,
        one_drop: true,
        max_depth: 4,
        monotone_constraints: [1, 0, 0, 0, -1],
      });
      training({ parameters, rounds: 2, evaluation: [{ name: 'later', data: later }] }, (booster) => {
        const told = booster.configuration;
        for (const part of ['"rate_drop":"0.25"', '"one_drop":"1"', '"max_depth":"4"']) {
          expect(told).toContain(part);
        }
        expect(told).toMatch(/"monotone_constraints":"\(1, ?0, ?0, ?0, ?-1\)"/);
        expect(told).toMatch(/error@0\.3/);
      });
    });

    it('weighs rows: a weight of 0 is a row that is not there', () => {
      const without = { ...part(simple, 0, 200), weight: new Float32Array(200).fill(1) };
      const weight = Float32Array.from({ length: 300 }, (_, row) => (row < 200 ? 1 : 0));
      const parameters = { ...options.parameters, tree_method: 'exact' as const, max_depth: 1 };
      const ignored = training({ parameters, data: { ...rows, weight } }, (booster) =>
        predict(booster, later),
      );
      const absent = training({ parameters, data: without }, (booster) => predict(booster, later));
      const correlation = ignored.filter(
        (value, row) => Math.abs(value - (absent[row] ?? NaN)) < 0.05,
      ).length;
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
      [
        'an empty set',
        { data: { ...rows, values: new Float32Array(0), label: new Float32Array(0), rows: 0 } },
      ],
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
      ['margins that do not divide', { data: { ...rows, baseMargin: new Float32Array(301) } }],
      ['groups of other rows', { data: { ...rows, group: Uint32Array.of(100, 100) } }],
      ['a weight a row of groups', { data: { ...rows, group: Uint32Array.of(100, 200) } }],
      ['sparse rows with too few offsets', { data: { ...cells, offsets: Uint32Array.of(0, 2) } }],
      ['sparse rows that end before they begin', { data: { ...cells, offsets: Uint32Array.of(0, 2, 1) } }],
      ['sparse rows with cells that are not there', { data: { ...cells, offsets: Uint32Array.of(0, 1, 9) } }],
      ['sparse cells beyond the last column', { data: { ...cells, indices: Uint32Array.of(0, 1, 5) } }],
      ['sparse cells before the first column', { data: { ...cells, indices: Int32Array.of(0, -1, 4) } }],
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

    it('frees what it opened over 200 trainings, refused ones included', () => {
      const once = (): void => {
        training({ rounds: 3, evaluation: [{ name: 'later', data: later }] }, (booster) => {
          expect(openHandles()).toEqual({ matrix: 0, booster: 1, tracker: 0 });
          predict(booster, later);
          booster.slice(0, 2).free();
        });
        codeOf(() =>
          trainBooster(library, {
            ...options,
            data: { ...rows, label: rows.label.map(() => 3).with(0, 1) },
          }),
        );
        codeOf(() => Booster.load(library, new Uint8Array([1])));
      };
      for (let warmUp = 0; warmUp < 20; warmUp += 1) once();
      const before = process.memoryUsage().rss;
      for (let run = 0; run < 200; run += 1) once();
      expect(openHandles()).toEqual({ matrix: 0, booster: 0, tracker: 0 });
      // Loose: the allocator's own business. What the library itself would leak is far more.
      expect(process.memoryUsage().rss - before).toBeLessThan(48 * 1024 * 1024);
    });
  });
}
