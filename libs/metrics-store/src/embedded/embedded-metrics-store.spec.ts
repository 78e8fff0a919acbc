import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';
import { FakeClock, temporaryDirectory } from '@headrace/testing';
import { describe, expect, it } from 'vitest';
import { createMetricsStore, type MetricsStoreConfig } from '../create-metrics-store.js';
import { describeMetricsStore } from '../testing/metrics-store.contract.js';
import { openEmbeddedMetricsStore } from './embedded-metrics-store.js';

const compiled = fileURLToPath(new URL('../../dist/embedded/embedded-metrics-store.js', import.meta.url));
const now = new Date('2026-11-23T12:00:00Z');
const point = { measurement: 'm', tags: {}, fields: { f: 1 }, time: now };
const query = {
  measurement: 'm',
  field: 'f',
  from: new Date(now.getTime() - 1_000),
  to: new Date(now.getTime() + 1_000),
  aggregation: 'sum',
} as const;

describeMetricsStore('EmbeddedMetricsStore', () => {
  const directory = mkdtempSync(join(tmpdir(), 'headrace-metrics-'));
  return Promise.resolve({
    open: (options) => openEmbeddedMetricsStore(directory, options),
    dispose: async () => {
      rmSync(directory, { recursive: true, force: true });
    },
  });
});

describe('EmbeddedMetricsStore', () => {
  it('refuses a file that another process holds, and takes it over after kill -9 with what was flushed', async () => {
    const directory = temporaryDirectory();
    const clock = new FakeClock(now);
    const child = spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { openEmbeddedMetricsStore } from ${JSON.stringify(compiled)};
         const store = await openEmbeddedMetricsStore(${JSON.stringify(directory)}, { flushEveryMs: 600000 });
         const point = (f) => ({ measurement: 'm', tags: {}, fields: { f }, time: new Date(${now.getTime()}) });
         store.write([point(5)]);
         await store.flush();
         store.write([point(6)]);
         console.log('ready');
         setInterval(() => undefined, 1000);`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await once(child.stdout, 'data');
    await expect(openEmbeddedMetricsStore(directory)).rejects.toMatchObject({
      code: 'METRICS_STORE_DATA_IN_USE',
    });
    child.kill('SIGKILL');
    await once(child, 'exit');
    const store = await openEmbeddedMetricsStore(directory, { clock });
    expect(await store.aggregate(query)).toEqual({ kind: 'value', value: 5 });
    await store.close();
  });

  it('refuses a second opening in the same process', async () => {
    const directory = temporaryDirectory();
    const store = await openEmbeddedMetricsStore(directory);
    await expect(openEmbeddedMetricsStore(directory)).rejects.toMatchObject({
      code: 'METRICS_STORE_DATA_IN_USE',
    });
    await store.close();
    await (await openEmbeddedMetricsStore(directory)).close();
  });

  it('refuses a newer format', async () => {
    const directory = temporaryDirectory();
    await (await openEmbeddedMetricsStore(directory)).close();
    await inDatabase(directory, 'UPDATE headrace_format SET version = 2');
    await expect(openEmbeddedMetricsStore(directory)).rejects.toMatchObject({
      code: 'METRICS_STORE_DATA_FORMAT_UNSUPPORTED',
    });
  });

  it('refuses a database of something else, and a file that is none', async () => {
    const other = temporaryDirectory();
    await inDatabase(other, 'CREATE TABLE mine (a INTEGER)');
    await expect(openEmbeddedMetricsStore(other)).rejects.toMatchObject({
      code: 'METRICS_STORE_DATA_CORRUPT',
    });
    const none = temporaryDirectory();
    writeFileSync(join(none, 'metrics.duckdb'), 'this is no database, whatever its name says'.repeat(1_000));
    await expect(openEmbeddedMetricsStore(none)).rejects.toMatchObject({
      code: 'METRICS_STORE_DATA_CORRUPT',
    });
  });

  it('refuses a file with a damaged header', async () => {
    const directory = temporaryDirectory();
    await (await openEmbeddedMetricsStore(directory)).close();
    const path = join(directory, 'metrics.duckdb');
    const content = readFileSync(path);
    content.fill(0xff, 0, 12_288);
    writeFileSync(path, content);
    await expect(openEmbeddedMetricsStore(directory)).rejects.toMatchObject({
      code: 'METRICS_STORE_DATA_CORRUPT',
    });
  });

  it('removes from the file what was replaced and what is too old', async () => {
    const directory = temporaryDirectory();
    const clock = new FakeClock(now);
    const store = await openEmbeddedMetricsStore(directory, { clock, retentionDays: 1 });
    store.write([point, { ...point, fields: { f: 2 } }]);
    await store.flush();
    await store.clean();
    expect(await store.aggregate({ ...query, aggregation: 'count' })).toEqual({ kind: 'value', value: 1 });
    expect(await store.aggregate(query)).toEqual({ kind: 'value', value: 2 });
    clock.advance(2 * 86_400_000);
    await store.clean();
    await store.close();
    expect(await inDatabase(directory, 'SELECT count(*)::INTEGER FROM points')).toEqual([[0]]);
  });
});

it('refuses an unknown driver', async () => {
  await expect(
    createMetricsStore({ driver: 'graphite' } as unknown as MetricsStoreConfig),
  ).rejects.toMatchObject({
    code: 'METRICS_STORE_DRIVER_UNKNOWN',
    kind: 'invalid',
  });
});

async function inDatabase(directory: string, sql: string): Promise<unknown> {
  const instance = await DuckDBInstance.create(join(directory, 'metrics.duckdb'));
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll(sql);
  const rows = reader.getRows();
  connection.closeSync();
  instance.closeSync();
  return rows;
}
