import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EntityWindows } from './entity-windows.js';
import { quantileAccuracy } from './quantile-keys.js';
import { windowFeatures, type WindowLayout } from './window-layout.js';

type Column = readonly (number | null)[];

interface Golden {
  readonly time: readonly number[];
  readonly arrival: readonly number[];
  readonly values: Readonly<Record<string, Column>>;
  /** Which rows the features are of. */
  readonly rows: readonly number[];
  readonly features: Readonly<Record<string, Column>>;
}

const layout: WindowLayout = {
  columns: ['cpu_usage', 'memory_usage', 'disk_io'],
  windowMinutes: [5, 15, 60],
  latenessMinutes: 240,
  statistics: ['count', 'sum', 'mean', 'std', 'min', 'max', 'first', 'last', 'slope', 'ewma', 'p50', 'p95'],
};
const features = windowFeatures(layout);
const { irregular, oneHertz } = JSON.parse(
  readFileSync(new URL('../../../test/golden/pandas-rolling.json', import.meta.url), 'utf8'),
) as Readonly<Record<'irregular' | 'oneHertz', Golden>>;

describe.each([
  { name: 'an irregular real series', golden: irregular },
  { name: 'a real series at 1 Hz', golden: oneHertz },
])('the windows of $name', ({ golden }) => {
  const scales = new Map(
    layout.columns.map((column) => [
      column,
      Math.max(...golden.values[column]!.map((value) => Math.abs(value ?? 0))),
    ]),
  );
  const rowOf = (row: number): Float64Array =>
    Float64Array.from(layout.columns, (column) => golden.values[column]?.[row] ?? Number.NaN);

  function expectPandas(windows: EntityWindows, row: number, sample: number): void {
    const actual = new Float64Array(features.length);
    windows.features(golden.time[row]!, actual);
    for (const [index, { name, column, statistic }] of features.entries()) {
      const expected = golden.features[name]?.[sample] ?? null;
      const where = `${name} of row ${row}`;
      if (expected === null) {
        expect(actual[index], where).toBeNaN();
        continue;
      }
      // pandas adds and subtracts as the window moves: what is left of large values is its own error.
      const ownError = statistic === 'std' ? 4e-9 : 1e-9;
      const slack = statistic.startsWith('p')
        ? quantileAccuracy * Math.abs(expected) + 1e-9
        : ownError * (scales.get(column)! + Math.abs(expected));
      expect(Math.abs(actual[index]! - expected), where).toBeLessThanOrEqual(slack);
    }
  }

  it('equal pandas rolling, row by row in order of arrival', () => {
    const windows = new EntityWindows(layout);
    let sample = 0;
    for (const [row, time] of golden.time.entries()) {
      windows.accept(time, time, Number.NaN, rowOf(row));
      if (golden.rows[sample] !== row) continue;
      expectPandas(windows, row, sample);
      sample += 1;
    }
    expect(sample).toBe(golden.rows.length);
  });

  it('equal pandas for every row again after late rows have arrived', () => {
    const windows = new EntityWindows({ ...layout, latenessMinutes: 60 * 24 * 30 });
    for (const row of golden.arrival) windows.accept(golden.time[row]!, row, Number.NaN, rowOf(row));
    for (const [sample, row] of golden.rows.entries()) expectPandas(windows, row, sample);
  });
});
