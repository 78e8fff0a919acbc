import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeColumn, encodeColumn } from './columns.js';

fc.configureGlobal({ seed: 20261124 });

const throughJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value)) as unknown;

describe('columns', () => {
  it('give back every list of JSON values', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), (rows) => {
        const wanted = throughJson(rows);
        expect(decodeColumn(throughJson(encodeColumn(rows)), rows.length)).toEqual(wanted);
      }),
    );
  });

  it('give back records with gaps, and tell absent from null', () => {
    const row = fc.record(
      {
        id: fc.string(),
        values: fc.dictionary(fc.string(), fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }))),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(row), (rows) => {
        expect(decodeColumn(throughJson(encodeColumn(rows)), rows.length)).toEqual(throughJson(rows));
      }),
    );
  });

  it('write the names of fields and repeated values once', () => {
    const rows = [
      { view: 'system_metrics', features: { cpu: 1, memory: null } },
      { view: 'system_metrics', features: { cpu: 2, memory: 3 } },
    ];
    expect(encodeColumn(rows)).toEqual({
      o: {
        view: { s: 'system_metrics' },
        features: { o: { cpu: { v: [1, 2] }, memory: { v: [null, 3] } } },
      },
    });
  });

  it('keep a field named __proto__ a field', () => {
    const rows = [
      JSON.parse('{"__proto__": {"admin": true}}'),
      JSON.parse('{"__proto__": {"admin": false}}'),
    ] as unknown[];
    const decoded = decodeColumn(throughJson(encodeColumn(rows)), 2);
    expect(JSON.stringify(decoded)).toBe(JSON.stringify(rows));
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
  });

  it('refuse what is not a column, or not as long as the batch', () => {
    for (const column of [
      undefined,
      null,
      7,
      [],
      {},
      { v: [1] },
      { v: 'xy' },
      { o: [] },
      { s: 1, m: [5] },
      { s: 1, m: 2 },
    ]) {
      expect(() => decodeColumn(column, 2)).toThrow(
        expect.objectContaining({ code: 'MESSAGING_BATCH_UNREADABLE' }),
      );
    }
  });
});
