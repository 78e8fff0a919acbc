import { DuckDBInstance } from '@duckdb/node-api';
import { SeededRandom } from '@headrace/kernel';
import { describe, expect, it } from 'vitest';
import { FeatureView, featureViewSchema } from '../../domain/feature-view.js';
import { EntityWindows } from '../../domain/windows/entity-windows.js';
import { readingsTable, buildRecomputation, samplesTable } from './build-recomputation.js';

const view = new FeatureView(
  featureViewSchema.parse({
    name: 'everything',
    version: 1,
    owner: 'test',
    entity: 'system_id',
    ttlSeconds: 900,
    timeFeatures: ['hour', 'day_of_week', 'is_weekend', 'is_business_hours'],
    columns: ['cpu_usage', 'disk_io'],
    windowMinutes: [5, 15, 60],
    statistics: [
      ...['count', 'sum', 'mean', 'std', 'min', 'max', 'first', 'last', 'slope', 'ewma'],
      ...['p01', 'p50', 'p95', 'p99'],
    ],
    derived: [
      { name: 'cpu_range_5m', expression: 'cpu_usage_max_5m - cpu_usage_min_5m' },
      { name: 'cpu_position', expression: '(cpu_usage - cpu_usage_min_5m) / cpu_range_5m' },
      { name: 'is_busy', expression: 'cpu_usage_mean_5m > 30 and is_business_hours = 1' },
      { name: 'disk_log', expression: 'if(disk_io_last_15m > 1, ln(disk_io_last_15m), 0)' },
    ],
  }),
);
const begin = Date.UTC(2026, 10, 23, 12);

interface Arrival {
  readonly time: number;
  readonly known: number;
  readonly values: Float64Array;
}

/** Irregular steps, gaps, rows on the minute, missing and zero and negative values, late rows, corrections, repeats. */
function arrivalsOf(random: SeededRandom, count: number): readonly Arrival[] {
  const arrivals: Arrival[] = [];
  let time = begin;
  const value = (scale: number): number => {
    const chance = random.next();
    if (chance < 0.08) return Number.NaN;
    if (chance < 0.12) return 0;
    return (random.next() - 0.2) * scale;
  };
  for (let index = 0; index < count; index += 1) {
    time += [1_000, 7_300, 20_000, 60_000, 60_000, 300_000][Math.floor(random.next() * 6)]!;
    if (random.next() < 0.02) time += 5_400_000;
    if (random.next() < 0.2) time = Math.ceil(time / 60_000) * 60_000;
    const late = random.next() < 0.1 ? Math.floor(random.next() * 600_000) : 0;
    const again = random.next() < 0.05 ? arrivals[Math.floor(random.next() * arrivals.length)] : undefined;
    arrivals.push({
      time: again?.time ?? time - late,
      known: begin + index,
      values:
        random.next() < 0.5 && again !== undefined ? again.values : Float64Array.of(value(100), value(1e9)),
    });
  }
  return arrivals;
}

describe('the definition of a view in SQL', () => {
  it('gives the same values as the stream, for every statistic', async () => {
    const arrivals = arrivalsOf(new SeededRandom(20261123), 700);
    const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
    const connection = await instance.connect();
    await connection.run(readingsTable(view.layout.columns));
    await connection.run(samplesTable);
    const readings = await connection.createAppender('readings');
    const samples = await connection.createAppender('samples');
    const windows = new EntityWindows(view.layout);
    const served: { readonly values: Float64Array; readonly asOf: number; readonly horizon: number }[] = [];
    for (const [sequence, { time, known, values }] of arrivals.entries()) {
      const acceptance = windows.accept(time, known, Number.NaN, values);
      readings.appendBigInt(BigInt(sequence));
      readings.appendVarchar('web-1');
      readings.appendBigInt(BigInt(time));
      readings.appendBigInt(BigInt(known));
      for (const value of values) {
        if (Number.isNaN(value)) readings.appendNull();
        else readings.appendDouble(value);
      }
      readings.endRow();
      if (acceptance === 'too-late') continue;
      samples.appendInteger(served.length);
      samples.appendVarchar('web-1');
      samples.appendBigInt(BigInt(time));
      samples.appendBigInt(BigInt(sequence));
      samples.endRow();
      served.push({ values: view.compute(windows, time, values), asOf: time, horizon: windows.horizon });
    }
    readings.closeSync();
    samples.closeSync();
    const { names, sql } = buildRecomputation(view);
    const rows = (await connection.runAndReadAll(sql)).getRows();
    expect(rows.length).toBe(served.length);
    let compared = 0;
    for (const [index, ...recomputed] of rows) {
      const { values, asOf, horizon } = served[Number(index)]!;
      for (const [place, { name, minutes, isDerived }] of names.entries()) {
        const where = `${name} of row ${Number(index)}`;
        const streamed = values[view.featureNames.indexOf(name)]!;
        const reachesTooFar = minutes !== undefined && asOf - minutes * 60_000 < horizon;
        if (reachesTooFar && isDerived) continue;
        if (reachesTooFar || recomputed[place] === null) {
          expect(streamed, where).toBeNaN();
          continue;
        }
        const expected = recomputed[place] as number;
        const scale = Math.max(
          1,
          Math.abs(streamed),
          Math.abs(expected),
          name.startsWith('disk_io') ? 1e8 : 0,
        );
        expect(Math.abs(streamed - expected), where).toBeLessThanOrEqual(1e-9 * scale);
        compared += 1;
      }
    }
    expect(compared).toBeGreaterThan(40_000);
    connection.closeSync();
    instance.closeSync();
  });
});
