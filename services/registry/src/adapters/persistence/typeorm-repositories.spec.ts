import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase, openPglite, type Database, type PgliteServer } from '@headrace/database';
import { FakeClock } from '@headrace/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DeleteModel } from '../../application/delete-model.js';
import { DeleteVersion } from '../../application/delete-version.js';
import { MoveAlias } from '../../application/move-alias.js';
import { MoveToStage } from '../../application/move-to-stage.js';
import { RenameModel } from '../../application/rename-model.js';
import { logToRun, updateRun, type NewRun } from '../../domain/run.js';
import { CreateRegistry } from './migrations/0001-create-registry.js';
import { TypeormModelLedger } from './typeorm-model-ledger.js';
import { TypeormModelRepository } from './typeorm-model-repository.js';
import { TypeormRunRepository } from './typeorm-run-repository.js';

const directory = mkdtempSync(join(tmpdir(), 'headrace-registry-'));
const clock = new FakeClock();
let pglite: PgliteServer;
let database: Database;
let runs: TypeormRunRepository;
let ledger: TypeormModelLedger;
let models: TypeormModelRepository;

beforeAll(async () => {
  pglite = await openPglite(directory);
  database = await openDatabase({
    pglite,
    schema: { name: 'registry', entities: [], migrations: [CreateRegistry] },
    clock,
    source: 'registry',
  });
  runs = new TypeormRunRepository(database);
  ledger = new TypeormModelLedger(database);
  models = new TypeormModelRepository(database, clock);
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

async function addVersion(modelName: string): Promise<number> {
  const version = {
    modelName,
    source: 'mlflow-artifacts:/0/r1/artifacts/model',
    runId: undefined,
    runLink: '',
    description: '',
    tags: { team: 'turbines' },
    digest: 'sha256:0',
    artifactKey: 'registry/sha256/0',
    onnx: true,
    artifacts: {},
    featureNames: [],
    members: [],
    label: '',
    metrics: {},
    evidence: [],
    training: undefined,
    validated: true,
  };
  return ledger.change(async (unit) => (await unit.addVersion(version, true, clock.now())).version);
}

function moveAlias(modelName: string, alias: string, version: number | undefined): Promise<void> {
  return new MoveAlias(ledger, clock).execute({ modelName, alias, version, reason: '', by: 'request' });
}

describe('renaming a model', () => {
  it('takes its versions, its tags and the history of its aliases along', async () => {
    await models.create('before', 'about it', [{ key: 'tier', value: '1' }]);
    await addVersion('before');
    await moveAlias('before', 'shadow', 1);
    await moveAlias('before', 'shadow', undefined);
    await new RenameModel(ledger, clock).execute('before', 'after');
    expect(await models.load('after')).toMatchObject({ description: 'about it', tags: { tier: '1' } });
    expect(await models.loadVersion('after', 1)).toMatchObject({ tags: { team: 'turbines' } });
    expect(await models.listAliasSpans('after', 'shadow')).toMatchObject([{ version: 1 }]);
    expect(await models.listHistory('after', 1)).not.toEqual([]);
    await expect(models.load('before')).rejects.toMatchObject({ code: 'REGISTRY_MODEL_NOT_FOUND' });
  });

  it('is refused while an alias points into it, and when the name is taken', async () => {
    await models.create('taken', '', []);
    await addVersion('followed');
    await moveAlias('followed', 'shadow', 1);
    const rename = new RenameModel(ledger, clock);
    await expect(rename.execute('followed', 'free')).rejects.toMatchObject({
      code: 'REGISTRY_STATE_FORBIDS',
    });
    await moveAlias('followed', 'shadow', undefined);
    await expect(rename.execute('followed', 'taken')).rejects.toMatchObject({
      code: 'REGISTRY_MODEL_EXISTS',
    });
    await expect(rename.execute('nothing', 'free')).rejects.toMatchObject({
      code: 'REGISTRY_MODEL_NOT_FOUND',
    });
    expect(await models.load('followed')).toMatchObject({ name: 'followed' });
  });
});

it('refuses a second model of the same name', async () => {
  await models.create('once', '', []);
  await expect(models.create('once', '', [])).rejects.toMatchObject({ code: 'REGISTRY_MODEL_EXISTS' });
});

it('deletes neither a model nor a version that an alias points to', async () => {
  const version = await addVersion('used');
  await moveAlias('used', 'shadow', version);
  const deleteVersion = new DeleteVersion(ledger, clock);
  const deleteModel = new DeleteModel(ledger);
  await expect(deleteVersion.execute('used', version)).rejects.toMatchObject({
    code: 'REGISTRY_STATE_FORBIDS',
  });
  await expect(deleteModel.execute('used')).rejects.toMatchObject({ code: 'REGISTRY_STATE_FORBIDS' });
  await moveAlias('used', 'shadow', undefined);

  await deleteVersion.execute('used', version);
  expect(await models.listHistory('used', version)).toMatchObject([
    { what: 'created' },
    { what: 'alias shadow' },
    { what: 'deleted' },
  ]);
  // Numbers are not reused.
  expect(await addVersion('used')).toBe(version + 1);
  await deleteModel.execute('used');
  await expect(models.load('used')).rejects.toMatchObject({ code: 'REGISTRY_MODEL_NOT_FOUND' });
  expect(await models.listAliasSpans('used', 'shadow')).toHaveLength(1);
});

it('archives the other versions of a stage on request', async () => {
  await addVersion('staged');
  await addVersion('staged');
  const move = new MoveToStage(ledger, clock);
  const request = { modelName: 'staged', stage: 'Production', archiveOthers: true } as const;
  await move.execute({ ...request, version: 1 });
  await move.execute({ ...request, version: 2 });
  expect(await models.loadVersion('staged', 1)).toMatchObject({ stage: 'Archived' });
  expect(await models.loadVersion('staged', 2)).toMatchObject({ stage: 'Production' });
  expect(await models.listLatestVersions('staged', ['production'])).toMatchObject([{ version: 2 }]);
  await expect(move.execute({ ...request, version: 3 })).rejects.toMatchObject({
    code: 'REGISTRY_VERSION_NOT_FOUND',
  });
});
