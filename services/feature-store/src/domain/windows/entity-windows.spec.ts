import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EntityWindows } from './entity-windows.js';
import { windowFeatureNames, type WindowLayout } from './window-layout.js';

interface Golden {
  readonly time: readonly number[];
  readonly arrival: readonly number[];
  readonly values: Readonly<Record<string, readonly (number | null)[]>>;
  readonly features: Readonly<Record<string, readonly (number | null)[]>>;
}

const layout: WindowLayout = {
  columns: ['cpu_usage', 'memory_usage', 'disk_io'],
  windowMinutes: [5, 15, 60],
  latenessMinutes: 240,
};
const one: WindowLayout = { columns: ['x'], windowMinutes: [5], latenessMinutes: 10 };
const noon = Date.UTC(2026, 10, 23, 12);
const minute = 60_000;
const nan = Number.NaN;

function featuresAt(windows: EntityWindows, asOf: number): readonly number[] {
  const out = new Float64Array(windowFeatureNames(windows.layout).length);
  windows.features(asOf, out);
  return [...out];
}

function put(windows: EntityWindows, time: number, value: number, known = time, id = Number.NaN): string {
  return windows.accept(time, known, id, Float64Array.of(value));
}

describe('the windows of one entity', () => {
  const golden = JSON.parse(
    readFileSync(new URL('../../../test/golden/pandas-rolling.json', import.meta.url), 'utf8'),
  ) as Golden;
  const names = windowFeatureNames(layout);
  const rowOf = (row: number): Float64Array =>
    Float64Array.from(layout.columns, (column) => golden.values[column]?.[row] ?? Number.NaN);

  function expectPandas(features: readonly number[], row: number): void {
    for (const [index, name] of names.entries()) {
      const expected = golden.features[name]?.[row] ?? null;
      const actual = features[index]!;
      const where = `${name} of row ${row}`;
      if (expected === null) {
        expect(actual, where).toBeNaN();
      } else {
        // pandas adds and subtracts as the window moves: what is left of large values is its own error.
        const column = layout.columns.find((of) => name.startsWith(of))!;
        const scale = Math.max(...golden.values[column]!.map((value) => Math.abs(value ?? 0)));
        expect(Math.abs(actual - expected), where).toBeLessThanOrEqual(
          1e-9 * scale + 1e-9 * Math.abs(expected),
        );
      }
    }
  }

  it('equals pandas rolling on irregular real series, row by row as they come in order', () => {
    const windows = new EntityWindows(layout);
    for (const [row, time] of golden.time.entries()) {
      windows.accept(time, time, Number.NaN, rowOf(row));
      expectPandas(featuresAt(windows, time), row);
    }
  });

  it('equals pandas for every row again after late rows have come', () => {
    const windows = new EntityWindows({ ...layout, latenessMinutes: 60 * 24 * 30 });
    for (const row of golden.arrival) windows.accept(golden.time[row]!, row, Number.NaN, rowOf(row));
    for (const [row, time] of golden.time.entries()) expectPandas(featuresAt(windows, time), row);
  });

  it('is closed on the right: the row at the start of the window is out, the row at its end is in', () => {
    const windows = new EntityWindows(one);
    put(windows, noon, 10);
    put(windows, noon + 1, 20);
    put(windows, noon + 5 * minute, 40);
    // (12:00:00.000, 12:05] holds 20 and 40: mean 30, deviation sqrt(200), largest 40
    expect(featuresAt(windows, noon + 5 * minute)).toEqual([30, expect.closeTo(Math.sqrt(200), 12), 40]);
  });

  it('has a mean but no deviation of one sample, and nothing at all of none', () => {
    const windows = new EntityWindows(one);
    put(windows, noon, nan);
    expect(featuresAt(windows, noon)).toEqual([nan, nan, nan]);
    put(windows, noon + 1, 7);
    expect(featuresAt(windows, noon + 1)).toEqual([7, nan, 7]);
  });

  it('gives equal values a deviation of exactly zero', () => {
    const windows = new EntityWindows(one);
    for (let second = 0; second < 400; second += 1) put(windows, noon + second * 1_000, 0.1);
    expect(featuresAt(windows, noon + 399_000)).toEqual([0.1, 0, 0.1]);
  });

  it('keeps no rounding error of an outlier that has left the window', () => {
    const windows = new EntityWindows(one);
    put(windows, noon, 1e17);
    for (let second = 1; second <= 300; second += 1) put(windows, noon + second * 1_000, second % 2);
    // 150 ones and 150 zeros: variance 300 * 0.25 / 299
    expect(featuresAt(windows, noon + 300_000)).toEqual([
      expect.closeTo(0.5, 12),
      expect.closeTo(Math.sqrt(75 / 299), 12),
      1,
    ]);
  });

  it('takes a repeated reading once, whether recognised by instant or by id', () => {
    const windows = new EntityWindows(one);
    expect(put(windows, noon, 1, noon, 11)).toBe('appended');
    expect(put(windows, noon, 1, noon + 5, 12)).toBe('duplicate');
    expect(put(windows, noon + 1_000, 9, noon, 11)).toBe('duplicate');
    expect(featuresAt(windows, noon)).toEqual([1, nan, 1]);
  });

  it('lets the correction that became known later win, in whatever order the two arrive', () => {
    const early = new EntityWindows(one);
    put(early, noon, 1, noon + 10);
    expect(put(early, noon, 5, noon + 20)).toBe('corrected');
    const reversed = new EntityWindows(one);
    put(reversed, noon, 5, noon + 20);
    expect(put(reversed, noon, 1, noon + 10)).toBe('superseded');
    expect(featuresAt(early, noon)).toEqual([5, nan, 5]);
    expect(featuresAt(reversed, noon)).toEqual([5, nan, 5]);
  });

  it('refuses what lies before everything it keeps, and leaves windows empty that reach back there', () => {
    const windows = new EntityWindows(one);
    put(windows, noon, 1);
    put(windows, noon + 20 * minute, 2);
    // 5 minutes of window and 10 of lateness are kept: back to 12:05, exclusive.
    expect(put(windows, noon + 5 * minute, 3)).toBe('too-late');
    expect(put(windows, noon + 9 * minute, 4)).toBe('inserted');
    expect(featuresAt(windows, noon + 9 * minute)).toEqual([nan, nan, nan]);
    expect(featuresAt(windows, noon + 10 * minute)).toEqual([4, nan, 4]);
  });

  it('says how full a window is', () => {
    const windows = new EntityWindows(one);
    put(windows, noon, 1);
    expect(windows.fill(noon, 0)).toEqual({ samples: 1, share: 0 });
    put(windows, noon + 2 * minute, 1);
    expect(windows.fill(noon + 2 * minute, 0)).toEqual({ samples: 2, share: 0.4 });
    put(windows, noon + 6 * minute, 1);
    expect(windows.fill(noon + 6 * minute, 0)).toEqual({ samples: 2, share: 1 });
  });

  const reading = fc.record({
    second: fc.integer({ min: 0, max: 5_400 }),
    known: fc.integer({ min: 0, max: 3 }),
    values: fc.tuple(
      ...layout.columns.map(() =>
        fc.oneof(
          { weight: 6, arbitrary: fc.double({ min: -1e6, max: 1e6, noNaN: true }) },
          { weight: 1, arbitrary: fc.constant(Number.NaN) },
        ),
      ),
    ),
  });
  const series = fc.array(reading, { minLength: 1, maxLength: 120 });
  type Reading = (typeof reading)['generate'] extends (...args: never[]) => { value: infer R } ? R : never;

  function windowsOf(readings: readonly Reading[], into = new EntityWindows(layout)): EntityWindows {
    for (const { second, known, values } of readings) {
      into.accept(noon + second * 1_000, noon + known, Number.NaN, Float64Array.from(values));
    }
    return into;
  }

  it('gives the same bits for any order of arrival and for any repetition', () => {
    fc.assert(
      fc.property(
        series.chain((readings) =>
          fc.tuple(
            fc.constant(readings),
            fc.shuffledSubarray([...readings, ...readings], { minLength: readings.length * 2 }),
          ),
        ),
        ([readings, shuffled]) => {
          const inOrder = windowsOf([...readings].sort((a, b) => a.second - b.second));
          const anyOrder = windowsOf(shuffled);
          for (const { second } of readings) {
            const asOf = noon + second * 1_000;
            expect(featuresAt(anyOrder, asOf)).toEqual(featuresAt(inOrder, asOf));
          }
        },
      ),
    );
  });

  it('gives the same bits after its rows went through export and import', () => {
    fc.assert(
      fc.property(series, series, (before, after) => {
        const kept = windowsOf(before);
        const restored = new EntityWindows(layout);
        restored.importRows(kept.exportRows());
        windowsOf(after, kept);
        windowsOf(after, restored);
        expect(featuresAt(restored, restored.newest)).toEqual(featuresAt(kept, kept.newest));
        expect(restored.exportRows()).toEqual(kept.exportRows());
      }),
    );
  });
});
