import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EntityWindows } from './entity-windows.js';
import { windowFeatureNames, type WindowLayout } from './window-layout.js';

fc.configureGlobal({ seed: 20261124 });

const layout: WindowLayout = {
  columns: ['cpu_usage', 'memory_usage', 'disk_io'],
  windowMinutes: [5, 15, 60],
  latenessMinutes: 240,
  statistics: ['count', 'sum', 'mean', 'std', 'min', 'max', 'first', 'last', 'slope', 'ewma', 'p50', 'p95'],
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
  it('is closed on the right: the row at the start of the window is out, the row at its end is in', () => {
    const windows = new EntityWindows(one);
    put(windows, noon, 10);
    put(windows, noon + 1, 20);
    put(windows, noon + 5 * minute, 40);
    // (12:00:00.000, 12:05] holds 20 and 40: mean 30, deviation sqrt(200), largest 40
    expect(featuresAt(windows, noon + 5 * minute)).toEqual([30, expect.closeTo(Math.sqrt(200), 12), 40]);
  });

  it('has a mean but no deviation for one sample, and neither without samples', () => {
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

  it('keeps no rounding error after an outlier has left the window', () => {
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

  it('accepts a repeated reading once, whether recognised by instant or by id', () => {
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

  it('rejects readings before the rows it keeps, and leaves windows that reach back there empty', () => {
    const windows = new EntityWindows(one);
    put(windows, noon, 1);
    put(windows, noon + 20 * minute, 2);
    // 5 minutes of window and 10 of lateness are kept: back to 12:05, exclusive.
    expect(put(windows, noon + 5 * minute, 3)).toBe('too-late');
    expect(put(windows, noon + 9 * minute, 4)).toBe('inserted');
    expect(featuresAt(windows, noon + 9 * minute)).toEqual([nan, nan, nan]);
    expect(featuresAt(windows, noon + 10 * minute)).toEqual([4, nan, 4]);
  });

  it('has the least-squares slope per minute, and weighs by age for ewma', () => {
    const windows = new EntityWindows({
      ...one,
      statistics: ['slope', 'ewma', 'first', 'last', 'sum', 'min'],
    });
    put(windows, noon + minute, 10);
    put(windows, noon + minute + 75_000, 13);
    // 3 more in 1.25 minutes; 75 s are one halving of a 5-minute window: (10 / 2 + 13) / 1.5
    expect(featuresAt(windows, noon + minute + 75_000)).toEqual([
      expect.closeTo(2.4, 12),
      expect.closeTo(12, 12),
      10,
      13,
      23,
      10,
    ]);
    // As of the first, late: one sample has no slope.
    expect(featuresAt(windows, noon + minute)).toEqual([nan, 10, 10, 10, 10, 10]);
  });

  it('has a count of 0 and no other statistic without samples', () => {
    const windows = new EntityWindows({ ...layout, columns: ['x'], windowMinutes: [5] });
    put(windows, noon, nan);
    expect(featuresAt(windows, noon)).toEqual([0, ...new Array<number>(11).fill(nan)]);
  });

  it('reports the size of its arrays', () => {
    const windows = new EntityWindows(one);
    // 16 rows of 4 numbers, 6 tiles of 5, one window of 4 lanes, one start
    expect(windows.bytes).toBe(8 * (16 * 4 + 6 * 5 + 4 + 1));
  });

  it('reports how full a window is', () => {
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
