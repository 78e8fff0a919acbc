import { FakeClock } from '@headrace/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Aggregation, type MetricPoint, type MetricQuery, type MetricsStore } from '../metrics-store.js';

export interface StoreOptions {
  readonly clock: FakeClock;
  readonly retentionDays: number;
  readonly bufferLimit: number;
  readonly flushEveryMs: number;
}

/** An adapter under test: `open` opens the same empty store again and again. */
export interface MetricsStoreUnderTest {
  open(options: StoreOptions): Promise<MetricsStore>;
  dispose(): Promise<void>;
}

const minute = 60_000;
const noData = { kind: 'no-data' };
const valueOf = (value: number): object => ({ kind: 'value', value });

/** Every guarantee that the port's comment gives. */
export function describeMetricsStore(name: string, setUp: () => Promise<MetricsStoreUnderTest>): void {
  describe(`${name} keeps the promises of a metrics store`, () => {
    /** A full hour some time ago; servers refuse what is older than the retention by their own clock. */
    const hour = Math.floor(Date.now() / 3_600_000) * 3_600_000 - 7_200_000;
    const options = (): StoreOptions => ({
      clock: new FakeClock(new Date(hour + 3_600_000)),
      retentionDays: 7,
      bufferLimit: 20_000,
      flushEveryMs: 600_000,
    });
    let under: MetricsStoreUnderTest;
    let store: MetricsStore;
    let current: StoreOptions;

    beforeEach(async () => {
      under = await setUp();
      current = options();
      store = await under.open(current);
    });

    afterEach(async () => {
      await store.close();
      await under.dispose();
    });

    const point = (
      minutes: number,
      value: number,
      tags: Record<string, string> = { system: 'a' },
    ): MetricPoint => ({
      measurement: 'cpu',
      tags,
      fields: { usage: value },
      time: new Date(hour + minutes * minute),
    });
    const query = (aggregation: Aggregation, fromMinute = 0, toMinute = 60): MetricQuery => ({
      measurement: 'cpu',
      field: 'usage',
      from: new Date(hour + fromMinute * minute),
      to: new Date(hour + toMinute * minute),
      aggregation,
    });
    const put = async (...points: readonly MetricPoint[]): Promise<void> => {
      expect(store.write(points)).toBe(points.length);
      await store.flush();
    };

    it.each<[Aggregation, number]>([
      ['mean', 25],
      ['min', 10],
      ['max', 40],
      ['sum', 100],
      ['count', 4],
      ['first', 10],
      ['last', 40],
      [{ quantile: 0.5 }, 25],
      [{ quantile: 0.25 }, 17.5],
      [{ quantile: 0 }, 10],
      [{ quantile: 1 }, 40],
    ])('aggregates by %j', async (aggregation, expected) => {
      await put(point(4, 40), point(1, 10), point(2, 20), point(3, 30));
      expect(await store.aggregate(query(aggregation))).toEqual(valueOf(expected));
    });

    it.each<Aggregation>(['mean', 'min', 'max', 'sum', 'count', 'first', 'last', { quantile: 0.9 }])(
      'answers no-data for an empty window, never zero, by %j',
      async (aggregation) => {
        await put(point(1, 10));
        expect(await store.aggregate(query(aggregation, 10, 20))).toEqual(noData);
        expect(await store.aggregate({ ...query(aggregation), field: 'other' })).toEqual(noData);
        expect(await store.aggregate({ ...query(aggregation), measurement: 'other' })).toEqual(noData);
        expect(await store.aggregate({ ...query(aggregation), tags: { system: 'other' } })).toEqual(noData);
        const windows = await store.series({ ...query(aggregation, 10, 13), everyMs: minute });
        expect(windows.map(({ value }) => value)).toEqual([noData, noData, noData]);
      },
    );

    it('counts a measured zero as a value', async () => {
      await put(point(1, 0), point(2, -0));
      expect(await store.aggregate(query('sum'))).toMatchObject({ kind: 'value' });
      expect(await store.aggregate(query('count'))).toEqual(valueOf(2));
    });

    it('takes the beginning of a range in and leaves its end out', async () => {
      await put(point(10, 1), point(20, 2));
      expect(await store.aggregate(query('sum', 10, 20))).toEqual(valueOf(1));
      expect(await store.aggregate(query('sum', 10, 21))).toEqual(valueOf(3));
    });

    it('answers one value a window, aligned to the epoch, also where there was nothing', async () => {
      await put(point(0, 1), point(4, 3), point(5, 5), point(17, 7));
      const series = await store.series({ ...query('sum', 0, 20), everyMs: 5 * minute });
      expect(series).toEqual([
        { time: new Date(hour), value: valueOf(4) },
        { time: new Date(hour + 5 * minute), value: valueOf(5) },
        { time: new Date(hour + 10 * minute), value: noData },
        { time: new Date(hour + 15 * minute), value: valueOf(7) },
      ]);
    });

    it('starts the windows of a range that begins in the middle of one at the epoch, with what the range holds', async () => {
      await put(point(1, 100), point(3, 1), point(6, 2));
      const series = await store.series({ ...query('sum', 2, 7), everyMs: 5 * minute });
      expect(series).toEqual([
        { time: new Date(hour), value: valueOf(1) },
        { time: new Date(hour + 5 * minute), value: valueOf(2) },
      ]);
    });

    it('answers a count for windows as a number of points', async () => {
      await put(point(0, 1), point(1, 1), point(6, 1));
      const series = await store.series({ ...query('count', 0, 10), everyMs: 5 * minute });
      expect(series.map(({ value }) => value)).toEqual([valueOf(2), valueOf(1)]);
    });

    it('puts a late point into its window', async () => {
      await put(point(30, 1));
      await put(point(2, 9));
      expect(await store.aggregate(query('max', 0, 10))).toEqual(valueOf(9));
      expect(await store.aggregate(query('last'))).toEqual(valueOf(1));
    });

    it('lets the last write of the same series, time and field win', async () => {
      await put(point(1, 10));
      await put(point(1, 30));
      expect(await store.aggregate(query('sum'))).toEqual(valueOf(30));
      expect(await store.aggregate(query('count'))).toEqual(valueOf(1));
    });

    it('wants every tag equal, and takes all series when none is named', async () => {
      await put(
        point(1, 1, { system: 'a', arm: 'canary' }),
        point(1, 2, { system: 'a', arm: 'baseline' }),
        point(1, 4, { system: 'b', arm: 'canary' }),
      );
      expect(await store.aggregate(query('sum'))).toEqual(valueOf(7));
      expect(await store.aggregate({ ...query('sum'), tags: { system: 'a' } })).toEqual(valueOf(3));
      expect(await store.aggregate({ ...query('sum'), tags: { arm: 'canary', system: 'b' } })).toEqual(
        valueOf(4),
      );
    });

    it('keeps awkward names and values as they are', async () => {
      const tags = { 'the system': 'a,b c="d"\\e', other: "o'neil; DROP TABLE points" };
      const awkward: MetricPoint = {
        measurement: 'cpu usage,"x"=y',
        tags,
        fields: { 'the field': 1e300, 'n"1': -2.5 },
        time: new Date(hour),
      };
      await put(awkward);
      const base = { ...query('max'), measurement: awkward.measurement, tags };
      expect(await store.aggregate({ ...base, field: 'the field' })).toEqual(valueOf(1e300));
      expect(await store.aggregate({ ...base, field: 'n"1' })).toEqual(valueOf(-2.5));
    });

    it('counts what it took, stored, dropped because it was full, and refused', async () => {
      const many = Array.from({ length: 20_050 }, (_, index) => point(index / 1_000, index));
      expect(store.write(many)).toBe(20_000);
      expect(store.write([point(1, 1)])).toBe(0);
      expect(store.status()).toEqual({
        accepted: 20_000,
        written: 0,
        dropped: 51,
        failed: 0,
        buffered: 20_000,
      });
      await store.flush();
      expect(store.status()).toEqual({
        accepted: 20_000,
        written: 20_000,
        dropped: 51,
        failed: 0,
        buffered: 0,
      });
      expect(await store.aggregate(query('count'))).toEqual(valueOf(20_000));
    });

    it('refuses what is not a number, and counts it', async () => {
      expect(store.write([point(1, NaN), point(2, Infinity), point(3, 7)])).toBe(1);
      expect(store.write([{ ...point(4, 1), fields: {} }])).toBe(0);
      await store.flush();
      expect(store.status()).toMatchObject({ accepted: 1, written: 1, failed: 3 });
      expect(await store.aggregate(query('sum'))).toEqual(valueOf(7));
    });

    it('has everything after a restart, also what was not flushed before closing', async () => {
      await put(point(1, 1));
      store.write([point(2, 2)]);
      await store.close();
      store = await under.open(current);
      expect(await store.aggregate(query('sum'))).toEqual(valueOf(3));
      await put(point(2, 5));
      expect(await store.aggregate(query('sum'))).toEqual(valueOf(6));
    });

    it('lets points older than the retention disappear', async () => {
      await put(point(1, 1), point(50, 2));
      current.clock.advance(7 * 24 * 60 * minute - 30 * minute);
      expect(await store.aggregate(query('sum'))).toEqual(valueOf(2));
      current.clock.advance(60 * minute);
      expect(await store.aggregate(query('sum'))).toEqual(noData);
    });

    it('refuses questions that have no answer', async () => {
      const invalid = { code: 'METRICS_QUERY_INVALID', kind: 'invalid' };
      await expect(store.aggregate(query('sum', 10, 10))).rejects.toMatchObject(invalid);
      await expect(store.aggregate({ ...query('sum'), to: new Date(NaN) })).rejects.toMatchObject(invalid);
      await expect(store.aggregate(query({ quantile: 1.5 }))).rejects.toMatchObject(invalid);
      await expect(store.series({ ...query('sum'), everyMs: 0 })).rejects.toMatchObject(invalid);
      await expect(store.series({ ...query('sum'), everyMs: 100 })).rejects.toMatchObject(invalid);
    });

    it('flushes nothing, checks, closes twice', async () => {
      await store.flush();
      await store.check();
      await store.close();
      await store.close();
      expect(() => store.write([point(1, 1)])).toThrow(/closed/);
    });
  });
}
