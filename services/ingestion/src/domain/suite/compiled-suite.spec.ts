import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseDeclaration } from '@headrace/service-host';
import { describe, expect, it } from 'vitest';
import { CompiledSuite } from './compiled-suite.js';
import { readTimestamp } from '../reading/read-timestamp.js';
import { suiteSchema } from './suite.js';
import { WindowValidator } from './window-validator.js';

const now = new Date('2026-11-23T12:00:00Z');
const bounds = { now, aheadMs: 300_000, ageMs: 86_400_000 };
const between = (kwargs: object, severity?: string) => ({
  expectation_type: 'expect_column_values_to_be_between',
  kwargs: { column: 'x', ...kwargs },
  ...(severity === undefined ? {} : { severity }),
});

function outcomeOf(expectations: readonly object[], reading: object): string {
  const suite = new CompiledSuite({
    name: 's',
    version: 'v1',
    digest: 'sha256:',
    value: suiteSchema.parse({ expectation_suite_name: 's', expectations }),
  });
  const sent = { system_id: 'a', timestamp: '2026-11-23T11:00:00Z', y: 1, ...reading };
  const content: unknown = JSON.parse(JSON.stringify(sent));
  return suite.judge({ content }, bounds).outcome;
}

describe('a compiled suite', () => {
  it.each([
    [{ min_value: 0, max_value: 10 }, 0, 'accepted'],
    [{ min_value: 0, max_value: 10 }, 10, 'accepted'],
    [{ min_value: 0, max_value: 10 }, 10.001, 'quarantined'],
    [{ min_value: 0, strict_min: true }, 0, 'quarantined'],
    [{ max_value: 10, strict_max: true }, 10, 'quarantined'],
    [{ min_value: 5 }, 1e308, 'accepted'],
    [{ min_value: 0, max_value: 10 }, null, 'accepted'],
    [{ min_value: 0, max_value: 10 }, undefined, 'accepted'],
  ])('judges between %j of %s: %s', (kwargs, x, outcome) => {
    expect(outcomeOf([between(kwargs)], { x })).toBe(outcome);
  });

  it('rejects a null and a missing value where a value is required', () => {
    const rule = { expectation_type: 'expect_column_values_to_not_be_null', kwargs: { column: 'x' } };
    expect([{ x: null }, {}, { x: 0 }].map((reading) => outcomeOf([rule], reading))).toEqual([
      'quarantined',
      'quarantined',
      'accepted',
    ]);
  });

  it('does not quarantine for a warning or for an expectation with mostly', () => {
    expect(outcomeOf([between({ max_value: 1 }, 'warning')], { x: 5 })).toBe('accepted');
    expect(outcomeOf([between({ max_value: 1, mostly: 0.9 })], { x: 5 })).toBe('accepted');
  });

  it('supports sets and regular expressions', () => {
    const set = {
      expectation_type: 'expect_column_values_to_be_in_set',
      kwargs: { column: 'x', value_set: [1, 2] },
    };
    const regex = {
      expectation_type: 'expect_column_values_to_match_regex',
      kwargs: { column: 'system_id', regex: '^[a-z]$' },
    };
    expect([outcomeOf([set], { x: 2 }), outcomeOf([set], { x: 3 })]).toEqual(['accepted', 'quarantined']);
    expect([outcomeOf([regex], {}), outcomeOf([regex], { system_id: 'A' })]).toEqual([
      'accepted',
      'quarantined',
    ]);
  });

  it.each([
    ['an unknown word', { expectation_type: 'expect_column_values_to_be_nice', kwargs: { column: 'x' } }],
    [
      'a regular expression that is none',
      { expectation_type: 'expect_column_values_to_match_regex', kwargs: { column: 'x', regex: '(' } },
    ],
    ['a range upside down', between({ min_value: 2, max_value: 1 })],
    ['an unknown argument', between({ minimum: 2 })],
  ])('rejects a suite with %s', (_name, expectation) => {
    expect(suiteSchema.safeParse({ expectation_suite_name: 's', expectations: [expectation] }).success).toBe(
      false,
    );
  });
});

it('ships the suite of the guide', () => {
  const file = fileURLToPath(
    new URL('../../../../../config/suites/system_metrics_suite.yaml', import.meta.url),
  );
  const [declared] = parseDeclaration('suites', suiteSchema, readFileSync(file, 'utf8'), file);
  expect(declared?.value.expectations).toMatchObject([
    {
      expectation_type: 'expect_table_row_count_to_be_between',
      severity: 'warning',
      kwargs: { min_value: 100, max_value: 10_000 },
    },
    { expectation_type: 'expect_column_values_to_not_be_null', kwargs: { column: 'timestamp' } },
    between({ column: 'cpu_usage', min_value: 0, max_value: 100 }),
    between({ column: 'memory_usage', min_value: 0, max_value: 100 }),
    { expectation_type: 'expect_column_values_to_not_be_null', kwargs: { column: 'system_id' } },
  ]);
});

describe('a window of the shipped suite', () => {
  const file = fileURLToPath(
    new URL('../../../../../config/suites/system_metrics_suite.yaml', import.meta.url),
  );
  const [declared] = parseDeclaration('suites', suiteSchema, readFileSync(file, 'utf8'), file);
  const suite = new CompiledSuite(declared!);
  const validate = (rows: number, cpuUsage: number) => {
    const windows = new WindowValidator(suite, 300_000, 300_000);
    for (let row = 0; row < rows; row += 1) {
      const content = {
        system_id: `web-${row % 40}`,
        timestamp: '2026-11-23T11:58:00Z',
        cpu_usage: cpuUsage,
      };
      windows.observe(suite.judge({ content }, bounds), new Date('2026-11-23T11:58:00Z'));
    }
    return windows.validate(now);
  };

  it.each([
    ['history that is played in at the first start', 42_940],
    ['a fleet that sends more than 33 readings a second', 12_000],
    ['a fleet that sends a reading each minute', 5],
  ])('passes for %s, and reports the count', (_name, rows) => {
    const window = validate(rows, 41.5);
    expect(window).toMatchObject({ rows, success: true });
    expect(window.results[0]).toMatchObject({ success: false, severity: 'warning', observed: rows });
  });

  it('fails without a single row, and for values that cannot be', () => {
    expect(validate(0, 41.5).success).toBe(false);
    expect(validate(1_000, 141.5).success).toBe(false);
  });
});

describe('a timestamp', () => {
  it.each([
    ['2026-11-23T10:00:00Z', '2026-11-23T10:00:00.000Z'],
    ['2026-11-23 11:30:00.123456789+01:30', '2026-11-23T10:00:00.123Z'],
    ['2026-11-23t10:00:00-0100', '2026-11-23T11:00:00.000Z'],
    ['2026-11-22T23:59:60Z', '2026-11-23T00:00:00.000Z'],
  ])('%s is %s', (text, expected) => {
    expect(readTimestamp(text, bounds).instant?.toISOString()).toBe(expected);
  });

  it.each([
    '2026-11-23',
    '2026-13-01T00:00:00Z',
    '2026-11-31T00:00:00Z',
    '2026-11-23T25:00:00Z',
    'now',
    '',
    1_795_435_140,
  ])('rejects %s', (value) => {
    expect(readTimestamp(value, bounds).reason?.column).toBe('timestamp');
  });
});
