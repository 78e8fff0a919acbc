import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Column, type ColumnarBatch, toTextColumn } from './columnar-batch.js';
import { CompiledSuite, validateBatch } from './compiled-suite.js';
import { suiteSchema } from './suite.js';
import { type ExpectationResult } from './suite-tally.js';

interface Golden {
  readonly tables: Readonly<
    Record<
      string,
      { readonly x: readonly (number | string | null)[]; readonly t: readonly (string | number | null)[] }
    >
  >;
  readonly cases: readonly {
    readonly table: string;
    readonly word: string;
    readonly kwargs: Readonly<Record<string, unknown>>;
    readonly success: boolean;
    readonly exception?: true;
    readonly element_count?: number;
    readonly unexpected_count?: number;
    readonly unexpected_percent?: number | string | null;
    readonly observed_value?: unknown;
  }[];
}

// Its header says which versions, command and seed made it.
const golden = JSON.parse(readFileSync(new URL('./golden/verdicts.json', import.meta.url), 'utf8')) as Golden;

function batchOf(table: string): ColumnarBatch {
  const given = golden.tables[table];
  if (given === undefined) throw new Error(`no table ${table}`);
  const columns: readonly (readonly [string, Column])[] =
    table === 'mixed types'
      ? [
          ['x', { kind: 'mixed', values: given.x }],
          ['t', { kind: 'mixed', values: given.t }],
        ]
      : [
          ['x', { kind: 'numbers', values: Float64Array.from(given.x, Number) }],
          ['t', toTextColumn(given.t as readonly (string | null)[])],
        ];
  return { rows: given.t.length, columns: new Map(columns) };
}

function validateCase(each: Golden['cases'][number]): ExpectationResult {
  const suite = new CompiledSuite({
    name: 's',
    version: 'v1',
    digest: 'sha256:',
    value: suiteSchema.parse({
      expectation_suite_name: 's',
      expectations: [{ expectation_type: each.word, kwargs: each.kwargs }],
    }),
  });
  const [result] = validateBatch(suite, batchOf(each.table), new Date(0)).results;
  if (result === undefined) throw new Error('no result');
  return result;
}

/** pandas takes the difference of two equal infinities, which is NaN, for a step in the right direction. We do not. */
const infinitiesInStrictOrder = (each: Golden['cases'][number]): boolean =>
  each.table === 'infinities' && each.kwargs['strictly'] === true;

const named = golden.cases
  .filter((each) => !infinitiesInStrictOrder(each))
  .map(
    (each) => [`${each.word} ${JSON.stringify(each.kwargs).slice(0, 90)} of ${each.table}`, each] as const,
  );

describe('the verdict of Great Expectations', () => {
  it.each(named)('is ours: %s', (_name, each) => {
    const result = validateCase(each);
    if (each.exception === true) {
      // It cannot compare a text with a number and fails; we count the text as unexpected, which `mostly` may forgive.
      const forgiven = each.kwargs['mostly'] !== undefined || each.kwargs['row_condition'] !== undefined;
      if (!forgiven) expect(result.success).toBe(false);
      return;
    }
    const judged = result.success !== undefined;
    if (judged) expect(result.success).toBe(each.success);
    if (each.unexpected_count !== undefined) {
      expect(result.unexpectedCount).toBe(each.unexpected_count);
      expect(result.elementCount).toBe(each.element_count);
      if (judged) expect(result.unexpectedPercent).toBeCloseTo(each.unexpected_percent as number, 9);
    }
    if (judged && each.unexpected_count === undefined && !each.word.endsWith('_set')) {
      const observed = [result.observed ?? null].flat();
      const theirs = [each.observed_value ?? null].flat();
      expect(observed).toHaveLength(theirs.length);
      theirs.forEach((value, index) => {
        if (value === null) expect(observed[index]).toBeNull();
        else expect(observed[index]).toBeCloseTo(Number(value), 9);
      });
    }
  });

  it('differs for equal infinities in strict order: neither is above the other', () => {
    const [rising, falling] = golden.cases.filter(infinitiesInStrictOrder);
    if (rising === undefined || falling === undefined) throw new Error('cases are missing');
    expect([rising.success, validateCase(rising).success]).toEqual([true, false]);
    expect([falling.success, validateCase(falling).success]).toEqual([false, false]);
  });

  it('differs for missing data: an expectation with nothing to judge has not passed', () => {
    const silent = golden.cases.filter((each) => validateCase(each).success === undefined);
    expect(silent.length).toBeGreaterThan(50);
    expect(silent.every((each) => each.unexpected_count === undefined || each.unexpected_count === 0)).toBe(
      true,
    );
    // All of them are columns without any value, or without a row that takes part.
    for (const each of silent) {
      const { elementCount, missingCount } = validateCase(each);
      const ofNulls = each.word.endsWith('_be_null');
      const single = each.word === 'expect_column_stdev_to_be_between' && elementCount - missingCount === 1;
      expect(single || (ofNulls ? elementCount : elementCount - missingCount)).toBe(single ? true : 0);
    }
  });
});
