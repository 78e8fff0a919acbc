import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Column, type ColumnarBatch, toTextColumn } from './columnar-batch.js';
import { CompiledSuite, validateBatch } from './compiled-suite.js';
import { parseRowCondition } from './row-condition.js';
import { suiteSchema } from './suite.js';

const now = new Date('2026-11-23T12:00:00Z');
const compiled = (...expectations: readonly object[]): CompiledSuite =>
  new CompiledSuite({
    name: 's',
    version: 'v1',
    digest: 'sha256:',
    value: suiteSchema.parse({ expectation_suite_name: 's', expectations }),
  });
const rule = (word: string, kwargs: object = {}, severity?: string) => ({
  expectation_type: `expect_${word}`,
  kwargs,
  ...(severity === undefined ? {} : { severity }),
});
const numbers = (...values: readonly (number | null)[]): Column => ({
  kind: 'numbers',
  values: Float64Array.from(values, (value) => value ?? 0),
  valid: Uint8Array.from(values, (value) => (value === null ? 0 : 1)),
});
const table = (columns: Readonly<Record<string, Column>>, rows: number): ColumnarBatch => ({
  rows,
  columns: new Map(Object.entries(columns)),
});

const everything = [
  rule('table_row_count_to_be_between', { min_value: 1, max_value: 50 }),
  rule('column_values_to_not_be_null', { column: 'x', mostly: 0.5 }),
  rule('column_values_to_be_between', { column: 'x', min_value: -5, max_value: 5 }),
  rule('column_values_to_be_in_set', { column: 't', value_set: ['a', 'b'] }),
  rule('column_values_to_match_regex', { column: 't', regex: '^[ab]$', row_condition: 'x > 0' }),
  rule('column_values_to_be_unique', { column: 'x' }),
  rule('column_values_to_be_unique', { column: 't' }),
  rule('column_values_to_be_increasing', { column: 'x', strictly: true }),
  rule('column_mean_to_be_between', { column: 'x', min_value: -1, max_value: 1 }),
  rule('column_stdev_to_be_between', { column: 'x', max_value: 3 }),
  rule('column_quantile_values_to_be_between', {
    column: 'x',
    quantile_ranges: {
      quantiles: [0.1, 0.5],
      value_ranges: [
        [null, 0],
        [-1, 1],
      ],
    },
  }),
  rule('column_kl_divergence_to_be_less_than', {
    column: 'x',
    partition_object: { bins: [-4, 0, 4], weights: [0.5, 0.5] },
    threshold: 0.5,
    tail_weight_holdout: 0.1,
  }),
];

describe('a suite over a table', () => {
  it('treats NaN, an unset bit and a missing column as missing values', () => {
    const suite = compiled(
      rule('column_values_to_not_be_null', { column: 'x' }),
      rule('column_values_to_be_between', { column: 'x', min_value: 1 }),
      rule('column_values_to_be_between', { column: 'gone', min_value: 1 }),
    );
    const [missing, between, gone] = validateBatch(
      suite,
      table({ x: numbers(0, null, NaN) }, 3),
      now,
    ).results;
    expect(missing).toMatchObject({ success: false, unexpectedCount: 2, unexpectedPercent: (2 / 3) * 100 });
    expect(between).toMatchObject({ success: false, missingCount: 2, unexpectedCount: 1, sample: ['0'] });
    expect(gone).toMatchObject({ success: undefined, observed: undefined, missingCount: 3 });
  });

  it('judges mixed types without an error: a text is not between two numbers', () => {
    const mixed: Column = { kind: 'mixed', values: [1, 'high', null, undefined, 2, NaN] };
    const suite = compiled(
      rule('column_values_to_be_between', { column: 'x', min_value: 0 }),
      rule('column_values_to_be_of_type', { column: 'x', type_: 'number' }),
      rule('column_mean_to_be_between', { column: 'x', min_value: 0 }),
      rule('column_values_to_be_increasing', { column: 'x' }),
    );
    const results = validateBatch(suite, table({ x: mixed }, 6), now).results;
    expect(results.map(({ success, unexpectedCount }) => [success, unexpectedCount])).toEqual([
      [false, 1],
      [false, 1],
      [false, 1],
      [false, 2],
    ]);
  });

  it('has no outcome for an empty table, except its row count', () => {
    const results = validateBatch(compiled(...everything), table({}, 0), now);
    expect(results.success).toBe(false);
    expect(results.results.map(({ success }) => success)).toEqual([
      false,
      ...Array.from({ length: everything.length - 1 }, () => undefined),
    ]);
  });

  it('fails for an error, not for a warning', () => {
    const beyond = (severity: string) =>
      compiled(rule('column_values_to_be_between', { column: 'x', max_value: 1 }, severity));
    const of = (severity: string) => validateBatch(beyond(severity), table({ x: numbers(2) }, 1), now);
    expect([of('error').success, of('warning').success, of('info').success]).toEqual([false, true, true]);
    expect(of('warning').results[0]?.success).toBe(false);
  });

  it('keeps at most twenty unexpected values', () => {
    const values = Array.from({ length: 3_000 }, (_, index) => index);
    const suite = compiled(rule('column_values_to_be_between', { column: 'x', max_value: -1 }));
    const [result] = validateBatch(suite, table({ x: numbers(...values) }, 3_000), now).results;
    expect(result).toMatchObject({ unexpectedCount: 3_000, sample: values.slice(0, 20).map(String) });
  });

  it('measures freshness by the newest value', () => {
    const suite = compiled(rule('table_to_be_fresh', { max_age_minutes: 5 }));
    const at = (minutesAgo: number) => now.getTime() - minutesAgo * 60_000;
    const fresh = validateBatch(suite, table({ timestamp: numbers(at(30), at(2), null) }, 3), now).results[0];
    expect(fresh).toMatchObject({ success: true, observed: 2 });
    const stale = validateBatch(suite, table({ timestamp: numbers(at(30), at(6)) }, 2), now).results[0];
    expect(stale).toMatchObject({ success: false, observed: 6 });
  });

  it('compares the columns with the declared ones', () => {
    const suite = compiled(rule('table_columns_to_match_set', { column_set: ['x', 'y'] }));
    const [result] = validateBatch(suite, table({ x: numbers(1), z: numbers(1) }, 1), now).results;
    expect(result).toMatchObject({ success: false, sample: ['y', 'z'] });
  });

  it('gives the same results for a table in one batch, in many, and merged from parts', () => {
    const cell = fc.oneof(fc.integer({ min: -6, max: 6 }), fc.constant(null));
    const row = fc.tuple(cell, fc.constantFrom('a', 'b', 'c', null));
    fc.assert(
      fc.property(fc.array(row, { maxLength: 60 }), fc.integer({ min: 0, max: 60 }), (rows, cut) => {
        const suite = compiled(...everything);
        const batchOf = (part: typeof rows): ColumnarBatch =>
          table(
            { x: numbers(...part.map(([x]) => x)), t: toTextColumn(part.map(([, t]) => t)) },
            part.length,
          );
        const [first, second] = [rows.slice(0, cut), rows.slice(cut)];
        const whole = suite.newTally();
        whole.add(batchOf(rows));
        const batches = suite.newTally();
        batches.add(batchOf(first));
        batches.add(batchOf(second));
        const [merged, later] = [suite.newTally(), suite.newTally()];
        merged.add(batchOf(first));
        later.add(batchOf(second));
        merged.merge(later);
        const expected = comparable(whole.results(now));
        expect(comparable(batches.results(now))).toEqual(expected);
        expect(comparable(merged.results(now))).toEqual(expected);
      }),
      { seed: 20_261_124, numRuns: 300 },
    );
  });

  it('judges a value in a batch as in a reading', () => {
    const perCell = everything.filter(({ expectation_type: word }) =>
      /^expect_column_values_to_(not_)?(be_(null|between|in_set)|match)/.test(word),
    );
    fc.assert(
      fc.property(
        fc.oneof(fc.double({ noNaN: true }), fc.constant(null)),
        fc.constantFrom('a', 'q', null),
        (x, t) => {
          const suite = compiled(...perCell);
          const { results } = validateBatch(suite, table({ x: numbers(x), t: toTextColumn([t]) }, 1), now);
          const cells: Readonly<Record<string, number | string | null>> = { x, t };
          suite.rules.forEach((each, index) => {
            const valueOf = (column: string) => cells[column] ?? null;
            if (each.condition?.test(valueOf) === false) return;
            expect(each.judgesCell?.(valueOf(each.column ?? ''))).toBe(results[index]?.unexpectedCount === 0);
          });
        },
      ),
      { seed: 20_261_124, numRuns: 500 },
    );
  });
});

/** Sums in another order differ in the last digit; distinct values are shown in any order. */
function comparable(results: object): unknown {
  return JSON.parse(
    JSON.stringify(results, (key, value: unknown) => {
      if (key === 'sample') return undefined;
      return typeof value === 'number' ? Number(value.toPrecision(12)) : value;
    }),
  );
}

describe('a row condition', () => {
  const row = { x: 5, t: 'eu', gone: null };
  const valueOf = (column: string) => row[column as keyof typeof row] ?? null;

  it.each([
    ['x > 4', true],
    ['x > 5', false],
    ['x == 5 and t == "eu"', true],
    ["x == 6 or t == 'eu'", true],
    ['x == 6 or x == 5 and t == "us"', false],
    ['(x == 6 or x == 5) and t != "us"', true],
    ['gone > 0', false],
    ['gone != 3', true],
    ['gone is null and x is not null', true],
    ['t > 4', false],
    ['x >= -1e3', true],
  ])('%s is %s', (text, holds) => {
    expect(parseRowCondition(text).test(valueOf)).toBe(holds);
  });

  it.each(['', 'x', 'x >', 'x > y', 'x = 5', '(x > 5', 'x > 5 and', 'x > 5 x', 'x is 5', 'process.exit(1)'])(
    'rejects %j',
    (text) => {
      expect(() => parseRowCondition(text)).toThrow(/row_condition/);
    },
  );
});
