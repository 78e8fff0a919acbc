import 'reflect-metadata';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { FeaturesComputed, OutcomeObserved, ParityMeasured, ReadingAccepted } from '@headrace/contracts';
import { deterministicId } from '@headrace/kernel';
import { startComponent } from '@headrace/service-host/testing';
import { eventually, FakeClock, temporaryDirectory } from '@headrace/testing';
import { describe, expect, it } from 'vitest';
import { featureStore } from '../src/feature-store.module.js';

interface Offered {
  readonly at: string;
  readonly cpu?: number | null;
  readonly memory?: number | null;
  readonly disk?: number | null;
  readonly system?: string;
  readonly known?: string;
  readonly incident?: boolean;
}

interface Column {
  readonly values: readonly (number | string | null)[];
  readonly statuses: readonly string[];
  readonly event_timestamps: readonly string[];
}

const day = '2026-11-23T';
const instant = (time: string): string => new Date(`${day}${time}Z`).toISOString();
const idOf = (reading: Offered): string =>
  deterministicId(reading.system ?? 'web-1', reading.at, String(reading.cpu), reading.known ?? '');

async function start(environment: Readonly<Record<string, string>> = {}) {
  const component = await startComponent(featureStore, {
    clock: new FakeClock(instant('10:10:00')),
    environment: { FEATURE_STORE_PARITY_EVERY_S: '0', ...environment },
  });
  const { clock, publish, get, post, eventsOf, restart } = component;
  const send = async (...readings: readonly Offered[]): Promise<void> => {
    await publish(
      ReadingAccepted,
      readings.map((reading) => ({
        id: idOf(reading),
        time: new Date(instant(reading.known ?? reading.at)),
        payload: {
          readingId: idOf(reading),
          systemId: reading.system ?? 'web-1',
          eventTime: instant(reading.at),
          knownTime: instant(reading.known ?? reading.at),
          values: {
            cpu_usage: reading.cpu ?? null,
            memory_usage: reading.memory ?? null,
            disk_io: reading.disk ?? null,
          },
          ...(reading.incident === undefined ? {} : { incident: reading.incident }),
        },
      })),
      'ingestion',
    );
  };
  /** Sends and waits until the group has committed everything. */
  const handle = async (...readings: readonly Offered[]): Promise<void> => {
    await send(...readings);
    await eventually(async () => {
      const positions = await component.backends.bus.positions('feature-store', [ReadingAccepted.topic]);
      expect(positions.every(({ lag }) => lag === 0n)).toBe(true);
    });
  };
  const online = async (systems: readonly string[], ...features: readonly string[]) => {
    const answer = await post('/get-online-features', {
      features: features.map((feature) => `system_metrics:${feature}`),
      entities: { system_id: systems },
    });
    expect(answer.status).toBe(200);
    return answer.body as unknown as {
      readonly metadata: {
        readonly feature_names: readonly string[];
        readonly features_ids: Readonly<Record<string, readonly (string | null)[]>>;
      };
      readonly results: readonly Column[];
    };
  };
  const { backends } = component;
  return { clock, backends, publish, restart, eventsOf, handle, post, get, online };
}

const quiet: readonly Offered[] = [
  { at: '10:00:00', cpu: 10, memory: 50, disk: 1_000 },
  { at: '10:04:00', cpu: 20, memory: 50, disk: null },
  { at: '10:06:00', cpu: 60, memory: 50, disk: 3_000 },
];

describe('the feature store', () => {
  it('computes 34 features for each reading', async () => {
    const { handle, eventsOf } = await start();
    await handle(...quiet);
    const computed = await eventsOf(FeaturesComputed);
    expect(computed).toHaveLength(3);
    const last = computed[2]!;
    expect(Object.keys(last.payload.features)).toHaveLength(34);
    expect(last.id).toBe(deterministicId(idOf(quiet[2]!), 'system_metrics.v1'));
    expect(last.causationIds).toEqual([idOf(quiet[2]!)]);
    // (10:01, 10:06] holds 20 and 60; the quarter of an hour holds 10, 20 and 60.
    expect(last.payload.features).toMatchObject({
      hour: 10,
      day_of_week: 0,
      is_weekend: 0,
      is_business_hours: 1,
      cpu_usage: 60,
      cpu_usage_mean_5m: 40,
      cpu_usage_std_5m: expect.closeTo(Math.sqrt(800), 9) as number,
      cpu_usage_max_5m: 60,
      cpu_usage_mean_15m: expect.closeTo(30, 9) as number,
      cpu_usage_std_15m: expect.closeTo(Math.sqrt(700), 9) as number,
      memory_usage_std_60m: 0,
      disk_io_mean_5m: 3_000,
      disk_io_std_5m: null,
      disk_io_mean_60m: 2_000,
    });
  });

  it('serves the newest row as Feast does, with a status for every value', async () => {
    const { eventsOf, handle, online, post } = await start();
    await handle(...quiet);
    const answer = await online(['web-1', 'web-9'], 'cpu_usage_mean_5m', 'disk_io_std_5m');
    expect(answer.metadata.feature_names).toEqual(['system_id', 'cpu_usage_mean_5m', 'disk_io_std_5m']);
    const [newest, unknown] = answer.metadata.features_ids['system_metrics'] ?? [];
    const newestEvent = (await eventsOf(FeaturesComputed)).find(({ id }) => id === newest);
    expect(newestEvent?.payload).toMatchObject({ systemId: 'web-1', eventTime: instant('10:06:00') });
    expect(unknown).toBeNull();
    expect(answer.results).toMatchObject([
      { values: ['web-1', 'web-9'], statuses: ['PRESENT', 'PRESENT'] },
      { values: [40, null], statuses: ['PRESENT', 'NOT_FOUND'] },
      { values: [null, null], statuses: ['NULL_VALUE', 'NOT_FOUND'] },
    ]);
    expect(answer.results[1]?.event_timestamps).toEqual([instant('10:06:00'), '1970-01-01T00:00:00Z']);
    const full = await post('/get-online-features', {
      feature_service: 'system_metrics',
      entities: { system_id: ['web-1'] },
      full_feature_names: true,
    });
    const names = (full.body as unknown as typeof answer).metadata.feature_names;
    expect(names).toHaveLength(35);
    expect(names[1]).toBe('system_metrics__hour');
  });

  it('says what is unknown instead of answering null', async () => {
    const { post, get } = await start();
    const entities = { system_id: ['web-1'] };
    const status = async (features: readonly string[]): Promise<number> =>
      (await post('/get-online-features', { features, entities })).status;
    expect(await status(['nothing:cpu_usage'])).toBe(404);
    expect(await status(['system_metrics:nothing'])).toBe(404);
    expect(await status(['no-colon'])).toBe(400);
    expect((await post('/get-online-features', {})).status).toBe(400);
    expect((await get('/v1/features/web-1')).status).toBe(404);
    expect((await get('/v1/feature-views/nothing')).status).toBe(404);
    expect((await post('/push', { push_source_name: 'nothing', df: {} })).status).toBe(404);
    expect((await post('/v1/training-sets', { view: 'system_metrics', label: 'nothing' })).status).toBe(404);
    const empty = await post('/v1/training-sets', { view: 'system_metrics', label: 'incident_within_15m' });
    expect(empty.status).toBe(409);
  });

  it('enforces the TTL on every read (feast#1802)', async () => {
    const { handle, online, clock, get } = await start();
    await handle(...quiet);
    clock.set(instant('10:21:00'));
    expect((await online(['web-1'], 'cpu_usage')).results[1]).toMatchObject({
      values: [60],
      statuses: ['PRESENT'],
    });
    clock.set(instant('10:21:00.001'));
    expect((await online(['web-1'], 'cpu_usage')).results[1]).toMatchObject({
      values: [null],
      statuses: ['OUTSIDE_MAX_AGE'],
    });
    const one = (await get('/v1/features/web-1')).body;
    expect(one).toMatchObject({ ageMs: 900_001, fill: { '5m': 1, '15m': 0.4, '60m': 0.1 } });
  });

  it('takes a repeated reading once', async () => {
    const { handle, eventsOf } = await start();
    await handle(...quiet, ...quiet);
    await handle(quiet[1]!, { at: '10:07:00', cpu: 30 });
    const computed = await eventsOf(FeaturesComputed);
    expect(computed).toHaveLength(4);
    // (10:02, 10:07] holds 20, 60 and 30.
    expect(computed[3]!.payload.features['cpu_usage_mean_5m']).toBeCloseTo(110 / 3, 9);
  });

  it('corrects what is served by a late reading, and never serves an older instant', async () => {
    const { handle, eventsOf, online } = await start();
    await handle(...quiet);
    await handle({ at: '10:05:00', cpu: 40, known: '10:06:30' });
    const late = (await eventsOf(FeaturesComputed))[3]!.payload;
    // As of 10:05 only: (10:00, 10:05] holds 20 and 40.
    expect(late).toMatchObject({ eventTime: instant('10:05:00'), features: { cpu_usage_mean_5m: 30 } });
    const served = await online(['web-1'], 'cpu_usage', 'cpu_usage_mean_5m');
    expect(served.results[1]).toMatchObject({ values: [60], event_timestamps: [instant('10:06:00')] });
    expect(served.results[2]?.values).toEqual([40]);
    await handle({ at: '10:06:00', cpu: 90, known: '10:07:00' });
    const corrected = await online(['web-1'], 'cpu_usage', 'cpu_usage_mean_5m');
    expect(corrected.results.slice(1).map(({ values }) => values[0])).toEqual([90, 50]);
  });

  it('goes on after a restart as if there had been none', async () => {
    const restarted = await start();
    const many = Array.from({ length: 150 }, (_, index) => ({
      at: `10:${String(Math.floor(index / 6)).padStart(2, '0')}:${String((index % 6) * 10).padStart(2, '0')}`,
      cpu: index % 7,
    }));
    for (let from = 0; from < 120; from += 30) await restarted.handle(...many.slice(from, from + 30));
    await restarted.restart();
    await restarted.handle(...many.slice(120));
    const whole = await start();
    await whole.handle(...many);
    const computed = await restarted.eventsOf(FeaturesComputed);
    expect(computed.map(({ payload }) => payload)).toEqual(
      (await whole.eventsOf(FeaturesComputed)).map(({ payload }) => payload),
    );
    expect((await restarted.eventsOf(OutcomeObserved)).map(({ payload }) => payload.outcomeId)).toEqual(
      (await whole.eventsOf(OutcomeObserved)).map(({ payload }) => payload.outcomeId),
    );
  });

  it('observes an outcome once: at a breach at once, else when its quarter of an hour has passed', async () => {
    const { handle, eventsOf } = await start();
    await handle(
      { at: '10:00:00', cpu: 10 },
      { at: '10:05:00', cpu: 95 },
      { at: '10:10:00', cpu: 20 },
      { at: '10:20:00', cpu: 20 },
    );
    const outcomes = async (): Promise<unknown> =>
      (await eventsOf(OutcomeObserved)).map(({ payload }) => [
        payload.eventTime.slice(11, 16),
        payload.value,
        payload.maturedAt.slice(11, 16),
        payload.decidedBy,
      ]);
    const breach = idOf({ at: '10:05:00', cpu: 95 });
    // 10:05 itself is not within (10:05, 10:20]; what came after it was calm.
    const expected = [
      ['10:00', 1, '10:05', breach],
      ['10:05', 0, '10:20', idOf({ at: '10:20:00', cpu: 20 })],
    ];
    expect(await outcomes()).toEqual(expected);
    await handle({ at: '10:05:00', cpu: 95 }, { at: '10:20:00', cpu: 20 });
    expect(await outcomes()).toEqual(expected);
    const incident = { at: '10:22:00', cpu: 20, incident: true };
    await handle(incident);
    expect(await outcomes()).toEqual([
      ...expected,
      ['10:10', 1, '10:22', idOf(incident)],
      ['10:20', 1, '10:22', idOf(incident)],
    ]);
  });

  it('has no outcome when nothing was measured in the quarter of an hour', async () => {
    const { handle, eventsOf } = await start();
    await handle({ at: '10:00:00', cpu: 10 }, { at: '10:40:00', cpu: 20 }, { at: '10:50:00', cpu: null });
    expect(await eventsOf(OutcomeObserved)).toEqual([]);
    await handle({ at: '10:54:00', cpu: 20 }, { at: '10:56:00', cpu: 20 });
    expect((await eventsOf(OutcomeObserved)).map(({ payload }) => payload.eventTime)).toEqual([
      instant('10:40:00'),
    ]);
  });

  it('counts labelled rows and builds a training set of them', async () => {
    const { handle, post, get, backends } = await start();
    await handle(
      ...quiet,
      { at: '10:10:00', cpu: 95 },
      { at: '10:30:00', cpu: 5 },
      { at: '10:45:00', cpu: 5 },
    );
    const preview = await get('/v1/training-sets/preview?view=system_metrics&label=incident_within_15m');
    // 10:00, 10:04 and 10:06 saw the breach; nothing followed 10:10 within a quarter of an hour; 10:30 was calm.
    expect(preview.body).toEqual({
      rows: 4,
      positives: 3,
      from: instant('10:00:00'),
      to: instant('10:30:00'),
    });
    const answer = await post('/v1/training-sets', { view: 'system_metrics', label: 'incident_within_15m' });
    const set = answer.body as unknown as { key: string; digest: string; featureNames: readonly string[] };
    expect(set).toMatchObject({ rows: 4, positives: 3, from: instant('10:00:00'), to: instant('10:30:00') });
    expect(set.featureNames).toHaveLength(34);
    const rows = await parquetRows(await backends.objects!.get(set.key));
    expect(rows.map(({ label }) => label)).toEqual([1, 1, 1, 0]);
    expect(rows[2]).toMatchObject({ system_id: 'web-1', cpu_usage_mean_5m: 40, disk_io_std_5m: null });
    expect(Object.keys(rows[0]!)).toEqual([
      'system_id',
      'event_time',
      'known_time',
      ...set.featureNames,
      'label',
    ]);
  });

  it('never changes a training row by what became known later (feast#6615)', async () => {
    const { handle, post, backends } = await start();
    await handle(...quiet, { at: '10:10:00', cpu: 95 });
    const build = async (asOf?: string) => {
      const answer = await post('/v1/training-sets', {
        view: 'system_metrics',
        label: 'incident_within_15m',
        ...(asOf === undefined ? {} : { asOf }),
      });
      return answer.body as unknown as { key: string; digest: string; rows: number };
    };
    const before = await build();
    // A backfill into the windows of known rows, a correction of one of them, and a late breach.
    await handle(
      { at: '10:03:00', cpu: 99, known: '10:20:00' },
      { at: '10:06:00', cpu: 1, known: '10:20:00' },
      { at: '10:25:00', cpu: 1 },
    );
    expect(await build(instant('10:15:00'))).toEqual(before);
    const after = await build();
    const old = await parquetRows(await backends.objects!.get(before.key));
    const all = await parquetRows(await backends.objects!.get(after.key));
    expect(all.length).toBeGreaterThan(old.length);
    for (const row of old) expect(all).toContainEqual(row);
  });

  it('takes pushed rows, and an older push never overwrites a newer value', async () => {
    const { post, online } = await start();
    const push = (time: string, value: number) =>
      post('/push', {
        push_source_name: 'system_metrics_push',
        df: { system_id: ['web-7'], event_timestamp: [instant(time)], cpu_usage: [value] },
      });
    expect((await push('10:20:00', 5)).status).toBe(200);
    expect((await push('10:19:00', 99)).status).toBe(200);
    const { results } = await online(['web-7'], 'cpu_usage', 'memory_usage');
    expect(results[1]).toMatchObject({ values: [5], event_timestamps: [instant('10:20:00')] });
    expect(results[2]).toMatchObject({ statuses: ['NULL_VALUE'] });
    const unknown = await post('/push', {
      push_source_name: 'system_metrics_push',
      df: { system_id: ['web-7'], event_timestamp: [instant('10:21:00')], nothing: [1] },
    });
    expect(unknown.status).toBe(400);
  });

  it('fills a lost online store from the history', async () => {
    const { handle, online, post, backends } = await start();
    await handle(...quiet);
    const keys: string[] = [];
    for await (const key of backends.cache!.keys('feature-store/online/')) keys.push(key);
    await backends.cache!.delete(keys);
    expect((await online(['web-1'], 'cpu_usage')).results[1]?.statuses).toEqual(['NOT_FOUND']);
    const answer = await post('/materialize-incremental', { end_ts: `${day}10:05:00` });
    expect(answer.text).toBe('null');
    expect((await online(['web-1'], 'cpu_usage')).results[1]?.values).toEqual([20]);
  });

  it('measures parity with features recomputed by SQL, and sees a skew', async () => {
    const { handle, eventsOf, publish } = await start({ FEATURE_STORE_PARITY_EVERY_S: '0.05' });
    await handle(
      ...quiet,
      { at: '10:05:00', cpu: 40, known: '10:06:30' },
      { at: '10:06:00', cpu: 61, known: '10:07:00' },
      { at: '10:08:00', cpu: 30, system: 'web-2' },
    );
    await eventually(async () => {
      expect((await eventsOf(ParityMeasured)).at(-1)?.payload).toMatchObject({ rows: 6, mismatches: 0 });
    });
    const skewed = { at: '10:09:00', cpu: 30, system: 'web-3' };
    await handle(skewed);
    const served = (await eventsOf(FeaturesComputed)).find(({ payload }) => payload.systemId === 'web-3')!;
    await publish(FeaturesComputed, [
      {
        id: served.id,
        time: served.time,
        payload: { ...served.payload, features: { ...served.payload.features, cpu_usage_mean_5m: 33 } },
      },
    ]);
    await eventually(async () => {
      expect((await eventsOf(ParityMeasured)).at(-1)?.payload).toMatchObject({
        rows: 7,
        mismatches: 1,
        largestDifference: expect.closeTo(3 / 33, 9) as number,
      });
    });
  });
});

async function parquetRows(bytes: Uint8Array): Promise<Record<string, unknown>[]> {
  const file = join(temporaryDirectory(), 'set.parquet');
  writeFileSync(file, bytes);
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const reader = await connection.runAndReadAll(`SELECT * FROM '${file}'`);
  return reader.getRowObjects();
}
