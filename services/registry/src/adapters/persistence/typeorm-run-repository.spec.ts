import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase, openPglite, type Database, type PgliteServer } from '@headrace/database';
import { FakeClock } from '@headrace/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { logToRun, updateRun, type NewRun } from '../../domain/run.js';
import { CreateRegistry } from './migrations/0001-create-registry.js';
import { TypeormRunRepository } from './typeorm-run-repository.js';

const directory = mkdtempSync(join(tmpdir(), 'headrace-runs-'));
let pglite: PgliteServer;
let database: Database;
let runs: TypeormRunRepository;

beforeAll(async () => {
  pglite = await openPglite(directory);
  database = await openDatabase({
    pglite,
    schema: { name: 'registry', entities: [], migrations: [CreateRegistry] },
    clock: new FakeClock(),
    source: 'registry',
  });
  runs = new TypeormRunRepository(database);
});
afterAll(async () => {
  await database.close();
  await pglite.close();
  rmSync(directory, { recursive: true, force: true });
});

const run = (id: string, changes: Partial<NewRun> = {}): NewRun => ({
  id,
  experimentId: '0',
  name: id,
  userId: 'ada',
  status: 'RUNNING',
  startMs: 5,
  tags: [{ key: 'team', value: 'turbines' }],
  ...changes,
});
/** PostgreSQL stores no NUL in a text. */
const refusedTag = { key: 'refused', value: 'a\u0000b' };
const loss = (value: number, step: number) => ({ key: 'loss', value, step, timestamp: 9 });

describe('a run and its tags', () => {
  it('are stored together', async () => {
    await runs.create(run('whole'));
    expect(await runs.load('whole')).toMatchObject({ status: 'RUNNING', tags: { team: 'turbines' } });
  });

  it('are one transaction: a tag that the database refuses leaves no run behind', async () => {
    await expect(runs.create(run('half', { tags: [refusedTag] }))).rejects.toThrow();
    await expect(runs.load('half')).rejects.toMatchObject({ code: 'REGISTRY_RUN_NOT_FOUND' });
  });

  it('are renamed in one transaction: a refused tag leaves the old name', async () => {
    await runs.create(run('named'));
    const renaming = runs.update('named', [], (state) => ({
      ...updateRun(state, { name: 'other', status: 'FINISHED' }),
      tags: [refusedTag],
    }));
    await expect(renaming).rejects.toThrow();
    expect(await runs.load('named')).toMatchObject({ name: 'named', status: 'RUNNING' });
    await runs.update('named', [], (state) => updateRun(state, { name: 'other', status: 'FINISHED' }));
    expect(await runs.load('named')).toMatchObject({
      name: 'other',
      status: 'FINISHED',
      tags: { team: 'turbines', 'mlflow.runName': 'other' },
    });
  });
});

describe('a batch', () => {
  it('is stored completely or not at all', async () => {
    await runs.create(run('logged'));
    const log = (depth: string, value: number) =>
      runs.update('logged', ['depth'], (state) =>
        logToRun(state, { metrics: [loss(value, 0)], params: [{ key: 'depth', value: depth }], tags: [] }),
      );
    await log('6', 0.5);
    await expect(log('7', 0.25)).rejects.toMatchObject({ code: 'REGISTRY_INVALID_VALUE' });
    expect(await runs.load('logged')).toMatchObject({
      params: { depth: '6' },
      latestMetrics: [loss(0.5, 0)],
    });
    expect((await runs.listMetricPoints('logged', 'loss', 10, undefined)).items).toEqual([loss(0.5, 0)]);
  });

  it('changes nothing when it is retried, and late points do not replace the latest', async () => {
    await runs.create(run('retried'));
    const log = (...metrics: ReturnType<typeof loss>[]) =>
      runs.update('retried', [], (state) => logToRun(state, { metrics, params: [], tags: [] }));
    await log(loss(0.5, 1), loss(Number.NaN, 2));
    await log(loss(0.5, 1), loss(Number.NaN, 2));
    await log(loss(0.9, 0));
    expect((await runs.load('retried')).latestMetrics).toEqual([loss(Number.NaN, 2)]);
    expect((await runs.listMetricPoints('retried', 'loss', 10, undefined)).items).toHaveLength(3);
  });
});
