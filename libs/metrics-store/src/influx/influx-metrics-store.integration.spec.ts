import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { describeWithServers, eventually, freePort } from '@headrace/testing';
import { expect, it } from 'vitest';
import { describeMetricsStore } from '../testing/metrics-store.contract.js';
import { openInfluxMetricsStore, type InfluxConfig } from './influx-metrics-store.js';

const point = { measurement: 'm', tags: {}, fields: { f: 1 }, time: new Date() };

describeWithServers(['influx'], 'InfluxMetricsStore on a real server', (variable) => {
  const configOf = (bucket: string): InfluxConfig => ({
    url: variable('HEADRACE_TEST_INFLUX_URL'),
    token: variable('HEADRACE_TEST_INFLUX_TOKEN'),
    org: variable('HEADRACE_TEST_INFLUX_ORG'),
    bucket,
    flushEveryMs: 600_000,
  });
  const api = async (path: string, method = 'GET'): Promise<{ buckets?: Bucket[] }> => {
    const answer = await fetch(`${variable('HEADRACE_TEST_INFLUX_URL')}/api/v2${path}`, {
      method,
      headers: { authorization: `Token ${variable('HEADRACE_TEST_INFLUX_TOKEN')}` },
    });
    return method === 'GET' ? ((await answer.json()) as { buckets?: Bucket[] }) : {};
  };
  const bucketNamed = async (name: string): Promise<Bucket | undefined> =>
    (await api(`/buckets?name=${name}`)).buckets?.[0];
  const remove = async (name: string): Promise<void> => {
    const bucket = await bucketNamed(name);
    if (bucket !== undefined) await api(`/buckets/${bucket.id}`, 'DELETE');
  };

  describeMetricsStore('InfluxMetricsStore', () => {
    const bucket = `test-${randomUUID()}`;
    return Promise.resolve({
      open: (options) => Promise.resolve(openInfluxMetricsStore({ ...configOf(bucket), ...options })),
      dispose: () => remove(bucket),
    });
  });

  it('makes the bucket with its retention, and changes the retention of one that exists', async () => {
    const bucket = `test-${randomUUID()}`;
    for (const retentionDays of [7, 30]) {
      const store = openInfluxMetricsStore({ ...configOf(bucket), retentionDays });
      await store.check();
      expect((await bucketNamed(bucket))?.retentionRules[0]?.everySeconds).toBe(retentionDays * 86_400);
      await store.close();
    }
    await remove(bucket);
  });

  it('loses only the bad point of a batch, and says why', async () => {
    const bucket = `test-${randomUUID()}`;
    const store = openInfluxMetricsStore({ ...configOf(bucket), retentionDays: 1 });
    const old = { ...point, time: new Date(Date.now() - 30 * 86_400_000) };
    store.write([point, old, { ...point, measurement: 'other' }]);
    await expect(store.flush()).rejects.toThrow(/retention/);
    expect(store.status()).toMatchObject({ accepted: 3, written: 2, failed: 1, buffered: 0 });
    await store.close();
    await remove(bucket);
  });

  it('says that it may not write', async () => {
    const store = openInfluxMetricsStore({ ...configOf('metrics'), token: 'wrong' });
    await expect(store.check()).rejects.toMatchObject({ code: 'METRICS_STORE_REFUSED', retryable: false });
    await store.close();
  });

  it('keeps what it took while the server is away, says so, and stores it when the server is back', async () => {
    const real = new URL(variable('HEADRACE_TEST_INFLUX_URL'));
    const bucket = `test-${randomUUID()}`;
    const port = await freePort();
    const store = openInfluxMetricsStore({
      ...configOf(bucket),
      url: `http://127.0.0.1:${port}`,
      bufferLimit: 2,
    });
    store.write([point, { ...point, measurement: 'other' }, { ...point, measurement: 'dropped' }]);
    await expect(store.flush()).rejects.toMatchObject({ code: 'METRICS_STORE_UNAVAILABLE', retryable: true });
    await expect(store.check()).rejects.toThrow(/ECONNREFUSED/);
    await expect(store.aggregate(queryOf('m'))).rejects.toMatchObject({ retryable: true });
    expect(store.status()).toEqual({ accepted: 2, written: 0, dropped: 1, failed: 0, buffered: 2 });
    const proxy = createServer((inside) => {
      const outside = connect(Number(real.port), real.hostname);
      inside.pipe(outside).pipe(inside);
      inside.on('error', () => outside.destroy());
      outside.on('error', () => inside.destroy());
    });
    proxy.listen(port, '127.0.0.1');
    await eventually(() => store.flush());
    expect(store.status()).toMatchObject({ written: 2, buffered: 0 });
    expect(await store.aggregate(queryOf('m'))).toEqual({ kind: 'value', value: 1 });
    await store.check();
    await store.close();
    proxy.close();
    await remove(bucket);
  });
});

it('gives up on a server that accepts and never answers', async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const store = openInfluxMetricsStore({ url, token: 't', org: 'o', bucket: 'b', timeoutMs: 150 });
  await expect(store.aggregate(queryOf('m'))).rejects.toMatchObject({ retryable: true });
  await store.close();
  for (const socket of sockets) socket.destroy();
  server.close();
});

interface Bucket {
  readonly id: string;
  readonly retentionRules: readonly { readonly everySeconds: number }[];
}

function queryOf(measurement: string) {
  const time = point.time.getTime();
  return {
    measurement,
    field: 'f',
    from: new Date(time - 1_000),
    to: new Date(time + 1_000),
    aggregation: 'sum',
  } as const;
}
