import 'reflect-metadata';
import { gzipSync } from 'node:zlib';
import { ReadingAccepted, ReadingQuarantined, TelemetryReading, WindowValidated } from '@headrace/contracts';
import { ingestion } from '../src/ingestion.module.js';
import { startComponent } from '@headrace/service-host/testing';
import { eventually } from '@headrace/testing';
import { describe, expect, it, vi } from 'vitest';

const timestamp = '2026-11-23T11:59:00.000Z';
const good = { system_id: 'web-1', timestamp, cpu_usage: 41.5, memory_usage: 62, disk_io: 1830 };

interface IngestionAnswer {
  readonly code?: string;
  readonly accepted: { index: number; readingId: string }[];
  readonly rejected: {
    index: number;
    quarantineId: string;
    reasons: { rule: string; message: string }[];
  }[];
}

async function start(environment: Record<string, string> = {}) {
  const component = await startComponent(ingestion, {
    environment: { INGESTION_ARCHIVE_EVERY_S: '0', ...environment },
  });
  const post = async (path: string, body: unknown, headers: Record<string, string> = {}) => {
    const answer = await component.post(path, body, headers);
    return { ...answer, body: answer.body as unknown as IngestionAnswer };
  };
  const readings = (content: unknown) =>
    post('/v1/readings', JSON.stringify(content), { 'content-type': 'application/json' });
  const { backends, clock, get, publish, eventsOf, restart } = component;
  const objects = () => component.backends.objects!;
  return { backends, objects, clock, get, post, publish, eventsOf, restart, readings };
}

describe('ingestion', () => {
  it('answers 202 only when the event is in the log', async () => {
    const { readings, eventsOf } = await start();
    const { status, body } = await readings(good);
    expect(status).toBe(202);
    expect((await eventsOf(ReadingAccepted)).map(({ id, payload }) => [id, payload])).toEqual([
      [
        body.accepted[0]!.readingId,
        {
          readingId: body.accepted[0]!.readingId,
          systemId: 'web-1',
          eventTime: timestamp,
          knownTime: '2026-11-23T12:00:00.000Z',
          values: { cpu_usage: 41.5, memory_usage: 62, disk_io: 1830 },
        },
      ],
    ]);
  });

  it('keeps the good readings of a batch with bad ones, and says which are bad and why', async () => {
    const { readings, eventsOf, get } = await start();
    const { status, body } = await readings([
      good,
      { ...good, cpu_usage: 140 },
      { ...good, cpu_usage: 42 },
      7,
    ]);
    expect(status).toBe(202);
    expect(body.accepted.map(({ index }) => index)).toEqual([0, 2]);
    expect(body.rejected.map(({ index, reasons }) => [index, reasons[0]!.rule])).toEqual([
      [1, 'expect_column_values_to_be_between'],
      [3, 'reading_is_object'],
    ]);
    expect(await eventsOf(ReadingAccepted)).toHaveLength(2);
    const listed = (await get('/v1/quarantine?system_id=web-1')).body as unknown as {
      quarantine: { reading: unknown; suite: string; suiteVersion: string }[];
    };
    expect(listed.quarantine).toMatchObject([
      { suite: 'system_metrics_suite', suiteVersion: expect.stringMatching(/^[0-9a-f]{12}$/) as string },
    ]);
    expect(listed.quarantine[0]!.reading).toEqual({ ...good, cpu_usage: 140 });
  });

  it('gives the same reading the same id, whatever the order of its columns and however often it comes', async () => {
    const { readings, post } = await start();
    const reversed = Object.fromEntries(Object.entries(good).reverse());
    const first = await readings([good, reversed]);
    const ids = new Set(first.body.accepted.map(({ readingId }) => readingId));
    const again = await post('/v1/readings', `${JSON.stringify(good)}\n${JSON.stringify(reversed)}\n`, {
      'content-type': 'application/x-ndjson',
    });
    for (const { readingId } of again.body.accepted) ids.add(readingId);
    expect(ids.size).toBe(1);
  });

  it.each<[string, object, string]>([
    ['a missing system', { system_id: undefined }, 'expect_column_values_to_not_be_null'],
    ['a null system', { system_id: null }, 'expect_column_values_to_not_be_null'],
    ['a system with a NUL', { system_id: 'a\0b' }, 'system_id_is_name'],
    ['a system with an RTL mark', { system_id: 'a\u202eb' }, 'system_id_is_name'],
    ['a system of 10 kB', { system_id: 'a'.repeat(10_000) }, 'system_id_is_name'],
    ['a number for a system', { system_id: 7 }, 'system_id_is_name'],
    ['a missing timestamp', { timestamp: undefined }, 'expect_column_values_to_not_be_null'],
    ['a timestamp without zone', { timestamp: '2026-11-23T11:59:00' }, 'timestamp_has_zone'],
    ['a timestamp in the future', { timestamp: '2026-11-23T12:06:00Z' }, 'timestamp_not_in_future'],
    ['a timestamp before 1970', { timestamp: '1969-12-31T23:59:59Z' }, 'timestamp_not_too_old'],
    ['a timestamp that does not exist', { timestamp: '2026-02-30T00:00:00Z' }, 'timestamp_exists'],
    ['a number for a timestamp', { timestamp: 1_795_435_140 }, 'timestamp_is_iso_8601'],
    ['a text for a number', { cpu_usage: '41.5' }, 'column_is_number'],
    ['NaN as a text', { cpu_usage: 'NaN' }, 'column_is_number'],
    ['1e308 percent', { cpu_usage: 1e308 }, 'expect_column_values_to_be_between'],
    ['a negative percentage', { memory_usage: -0.01 }, 'expect_column_values_to_be_between'],
    ['an object for a number', { disk_io: { value: 1 } }, 'column_is_number'],
    ['an extra text column', { region: 'eu' }, 'column_is_number'],
    ['no value at all', { cpu_usage: null, memory_usage: null, disk_io: null }, 'reading_has_value'],
    ['a column whose name is not valid', { '../x': 1 }, 'column_name'],
  ])('quarantines %s and says why', async (_name, change, rule) => {
    const { readings, eventsOf } = await start();
    const { status, body } = await readings({ ...good, ...change });
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: 'INGESTION_READINGS_QUARANTINED', accepted: [] });
    expect(body.rejected[0]!.reasons.map((reason) => reason.rule)).toContain(rule);
    expect(await eventsOf(ReadingQuarantined)).toHaveLength(1);
    expect(await eventsOf(ReadingAccepted)).toEqual([]);
  });

  it.each<[string, object]>([
    ['missing columns', { memory_usage: undefined, disk_io: undefined }],
    ['a null column', { memory_usage: null }],
    ['more numeric columns', { gpu_usage: 12, 'queue.depth': 1e308 }],
    ['minus zero', { cpu_usage: -0 }],
    ['a leap second', { timestamp: '2016-12-31T23:59:60Z' }],
    ['another zone', { timestamp: '2026-11-23T12:59:00+01:00' }],
    ['a time a little ahead', { timestamp: '2026-11-23T12:04:59Z' }],
    ['a name with slashes', { system_id: 'ns/pod..%2e' }],
  ])('accepts %s', async (_name, change) => {
    const { readings } = await start({ INGESTION_MAX_AGE_DAYS: '10000' });
    expect(await readings({ ...good, ...change })).toMatchObject({ status: 202 });
  });

  it('refuses numbers beyond what a number can be', async () => {
    const { post } = await start();
    const { status, body } = await post('/v1/readings', JSON.stringify(good).replace('41.5', '1e999'));
    expect([status, body.rejected[0]!.reasons[0]!.rule]).toEqual([400, 'column_is_number']);
  });

  it.each<[string, string | Uint8Array, Record<string, string>, number, string]>([
    ['an empty body', '', {}, 400, 'INGESTION_BODY_UNREADABLE'],
    ['no JSON', 'cpu=1', {}, 400, 'INGESTION_BODY_UNREADABLE'],
    ['a bare NaN', '{"cpu_usage": NaN}', {}, 400, 'INGESTION_BODY_UNREADABLE'],
    ['no UTF-8', Buffer.from([0xff, 0xfe, 0xfd]), {}, 400, 'INGESTION_BODY_UNREADABLE'],
    ['an unknown encoding', '{}', { 'content-encoding': 'br' }, 422, 'INGESTION_ENCODING_UNSUPPORTED'],
    ['gzip that is none', '{}', { 'content-encoding': 'gzip' }, 400, 'INGESTION_BODY_UNREADABLE'],
    [
      'a gzip bomb',
      gzipSync(Buffer.alloc(4_000_000)),
      { 'content-encoding': 'gzip' },
      413,
      'INGESTION_BODY_TOO_LARGE',
    ],
    ['too large a body', 'x'.repeat(1_100_000), {}, 413, 'HTTP_413'],
  ])('answers a clear error to %s', async (_name, body, headers, status, code) => {
    const { post } = await start({ HEADRACE_BODY_LIMIT_BYTES: '1000000' });
    const answer = await post('/v1/readings', body, { 'content-type': 'application/json', ...headers });
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });

  it('refuses a million rows in one request, and takes none of them', async () => {
    const { post, eventsOf } = await start();
    const row = '{"system_id":"a"}';
    const { status, body } = await post('/v1/readings', `[${new Array(1_000_000).fill(row).join(',')}]`);
    expect([status, body.code]).toEqual([413, 'INGESTION_TOO_MANY_READINGS']);
    expect(await eventsOf(ReadingQuarantined)).toEqual([]);
  });

  it('rejects one bad line of JSON lines and not the others', async () => {
    const { post } = await start();
    const lines = [JSON.stringify(good), '{"system_id": ', JSON.stringify({ ...good, cpu_usage: 1 })].join(
      '\n',
    );
    const { status, body } = await post('/v1/readings', lines, { 'content-type': 'application/x-ndjson' });
    expect(status).toBe(202);
    expect([body.accepted.map(({ index }) => index), body.rejected[0]!.index]).toEqual([[0, 2], 1]);
  });

  it('answers 429 with Retry-After while too much waits for the log', async () => {
    const { readings, post, backends } = await start({ INGESTION_MAX_IN_FLIGHT: '100' });
    const batch = Array.from({ length: 90 }, (_, index) => ({ ...good, cpu_usage: index }));
    const append = backends.bus.append.bind(backends.bus);
    let release = (): void => undefined;
    const blocked = new Promise<void>((resolve) => (release = resolve));
    const slowLog = vi.spyOn(backends.bus, 'append').mockImplementation(async (records) => {
      await blocked;
      return append(records);
    });
    const waiting = readings(batch);
    await eventually(() => expect(slowLog).toHaveBeenCalled());
    const refused = await post('/v1/readings', JSON.stringify(batch));
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('1');
    release();
    expect(await waiting).toMatchObject({ status: 202 });
    expect(await readings(good)).toMatchObject({ status: 202 });
  });

  it('reads CloudEvents structured, batched and binary, and their source and id identify the reading', async () => {
    const { post } = await start();
    const event = {
      specversion: '1.0',
      type: TelemetryReading.type,
      source: '/agents/7',
      id: 'e-1',
      subject: 'web-1',
    };
    const { system_id: _system, ...data } = good;
    const structured = await post('/v1/events', JSON.stringify({ ...event, data }), {
      'content-type': 'application/cloudevents+json; charset=utf-8',
    });
    const batch = await post(
      '/v1/events',
      JSON.stringify([
        { ...event, data },
        { ...event, id: 'e-2', type: 'other', data },
        { ...event, id: '', data },
        { ...event, id: 'e-3', data: { ...good, system_id: 'another' } },
      ]),
      { 'content-type': 'application/cloudevents-batch+json' },
    );
    const binary = await post('/v1/events', JSON.stringify(data), {
      'content-type': 'application/json',
      'ce-specversion': '1.0',
      'ce-type': TelemetryReading.type,
      'ce-source': '/agents/7',
      'ce-id': 'e-1',
      'ce-subject': 'web-1',
    });
    expect([structured.status, batch.status, binary.status]).toEqual([202, 202, 202]);
    const ids = [structured, batch, binary].flatMap(({ body }) =>
      body.accepted.map(({ readingId }) => readingId),
    );
    expect([ids.length, new Set(ids).size]).toEqual([3, 1]);
    expect(batch.body.rejected.map(({ index }) => index)).toEqual([1, 2, 3]);
    expect(await post('/v1/events', JSON.stringify(good))).toMatchObject({ status: 400 });
  });

  it('judges what is published on the public topic', async () => {
    const { publish, eventsOf, clock } = await start();
    await publish(TelemetryReading, [
      { id: 't-1', time: clock.now(), payload: good },
      { id: 't-2', time: clock.now(), payload: { system_id: 'web-1', cpu_usage: 'hot' } },
    ]);
    await eventually(async () => {
      expect((await eventsOf(ReadingAccepted)).map(({ causationIds }) => causationIds)).toEqual([['t-1']]);
      expect((await eventsOf(ReadingQuarantined)).map(({ causationIds }) => causationIds)).toEqual([['t-2']]);
    });
  });

  it('takes line protocol as an InfluxDB client sends it, gzip included', async () => {
    const { post, eventsOf } = await start();
    const nanoseconds = `${Date.parse(timestamp)}000000`;
    const lines = [
      `cpu,cpu=cpu-total,host=web\\ 1 usage_idle=58.5,usage_user=30i ${nanoseconds}`,
      `cpu,cpu=cpu0,host=web\\ 1 usage_idle=1 ${nanoseconds}`,
      `mem,host=web\\ 1 used_percent=62,note="a b, c=d" ${nanoseconds}`,
    ].join('\n');
    const answer = await post('/api/v2/write?org=o&bucket=b', gzipSync(lines), {
      'content-encoding': 'gzip',
    });
    expect(answer.status).toBe(204);
    expect(
      (await eventsOf(ReadingAccepted)).map(({ payload }) => [payload.systemId, payload.values]),
    ).toEqual([['web 1', { cpu_usage: 41.5, usage_user: 30, memory_usage: 62 }]]);
    const partial = await post('/api/v2/write?precision=s', 'm,host=a cpu_usage=1 1795435140\nnonsense\n');
    expect(partial).toMatchObject({ status: 400, body: { code: 'invalid' } });
    expect(await eventsOf(ReadingAccepted)).toHaveLength(2);
  });

  it('reports the results of the suite for a window, and that a window has too few rows', async () => {
    const { readings, eventsOf, clock } = await start({ INGESTION_WINDOW_SLIDE_S: '0.2' });
    await readings([
      ...Array.from({ length: 120 }, (_, index) => ({ ...good, cpu_usage: index % 100 })),
      { ...good, cpu_usage: 101 },
    ]);
    clock.advance(1_000);
    await eventually(async () => {
      const [window] = (await eventsOf(WindowValidated)).filter(({ payload }) => payload.rows === 121);
      expect(window?.payload.success).toBe(false);
      expect(window?.payload.results).toContainEqual({
        expectation: 'expect_column_values_to_be_between',
        column: 'cpu_usage',
        success: false,
        severity: 'error',
        observed: 120 / 121,
        missingCount: 0,
        unexpectedCount: 1,
        unexpectedPercent: 100 / 121,
        unexpectedSample: ['101'],
      });
    });
  });

  it('archives accepted readings as Parquet, each once, over a restart', async () => {
    const { readings, objects, restart } = await start({ INGESTION_ARCHIVE_EVERY_S: '0.05' });
    const countArchives = async (): Promise<number> => {
      let count = 0;
      for await (const { key } of objects().list('lake/readings/partition=')) {
        const content = Buffer.from(await objects().get(key));
        expect(content.subarray(0, 4).toString()).toBe('PAR1');
        count += 1;
      }
      return count;
    };
    await readings([good, { ...good, cpu_usage: 1 }]);
    await eventually(async () => expect(await countArchives()).toBe(1));
    await restart();
    await readings({ ...good, cpu_usage: 2 });
    await eventually(async () => expect(await countArchives()).toBe(2));
  });

  it('replays the real series, with real incidents, exactly once', async () => {
    const { readings, get, eventsOf, objects, restart } = await start({ INGESTION_SOURCES: 'replay' });
    const replayed = await eventually(
      async () => {
        const found = await eventsOf(ReadingAccepted);
        expect(found.length).toBe(42_940);
        return found;
      },
      { timeoutMs: 120_000, everyMs: 500 },
    );
    const hot = replayed.filter(({ payload }) => (payload.values['cpu_usage'] ?? 0) >= 90);
    expect(hot.length).toBeGreaterThan(100);
    expect(new Set(replayed.map(({ payload }) => payload.systemId)).size).toBe(7);
    expect(await eventsOf(ReadingQuarantined)).toEqual([]);
    await eventually(async () => {
      const state = Buffer.from(await objects().get('sources/replay.json')).toString();
      expect(JSON.parse(state)).toMatchObject({ done: true });
    });
    expect((await get('/v1/sources')).body).toEqual({
      sources: [{ name: 'replay', readings: 42_940, historyReadings: 42_940 }],
    });
    await restart();
    await readings(good);
    expect(await eventsOf(ReadingAccepted)).toHaveLength(42_941);
  });

  it('replays a generated fleet up to now, once', async () => {
    const { eventsOf, objects, restart } = await start({
      INGESTION_SOURCES: 'fleet',
      INGESTION_FLEET_SYSTEMS: '5',
      INGESTION_FLEET_HISTORY_H: '10',
    });
    // 10 hours of minutes and the one that is now, for 5 systems.
    await eventually(async () => expect(await eventsOf(ReadingAccepted)).toHaveLength(601 * 5));
    await eventually(async () => {
      const state = Buffer.from(await objects().get('sources/fleet-1-5-60000.json')).toString();
      expect(JSON.parse(state)).toMatchObject({ done: true });
    });
    await restart();
    await eventually(async () => {
      const found = await eventsOf(ReadingAccepted);
      expect(new Set(found.map(({ id }) => id)).size).toBe(601 * 5);
      // The step of this very minute comes again, with the same ids.
      expect(found.length).toBe(602 * 5);
    });
  });

  it('judges more than one request may hold, when it comes by the topic', async () => {
    const { publish, eventsOf, clock } = await start({ INGESTION_MAX_READINGS: '1000' });
    const many = Array.from({ length: 2_500 }, (_, index) => ({
      id: `m-${index}`,
      time: clock.now(),
      payload: { ...good, disk_io: index },
    }));
    await publish(TelemetryReading, many);
    await eventually(async () => expect(await eventsOf(ReadingAccepted)).toHaveLength(2_500));
  });

  it('measures this host', async () => {
    const { eventsOf, clock } = await start({ INGESTION_SOURCES: 'host' });
    clock.set(new Date());
    await eventually(async () => {
      const [reading] = await eventsOf(ReadingAccepted);
      expect(reading?.payload.source).toBe('host');
      expect(Object.keys(reading?.payload.values ?? {})).toEqual(
        expect.arrayContaining(['cpu_usage', 'memory_usage']),
      );
    });
  });
});
