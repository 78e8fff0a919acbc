import 'reflect-metadata';
import { request } from 'node:http';
import {
  AliasChanged,
  ModelTrained,
  ModelVersionCreated,
  RolloutPromoted,
  RolloutRolledBack,
  TrainingFailed,
  TrialCompleted,
  VersionMarkedUnstable,
  type EventDefinition,
  type PayloadOf,
} from '@headrace/contracts';
import { digestOf, SeededRandom } from '@headrace/kernel';
import { deadLetterTopic } from '@headrace/messaging';
import { buildTreeModel, type Tree } from '@headrace/onnx';
import { startComponent, type Component } from '@headrace/service-host/testing';
import { eventually, type FakeClock } from '@headrace/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { registry } from '../src/registry.module.js';

const maxArtifactBytes = 12_000_000;
const random = new SeededRandom(84);

let component: Component<FakeClock>;
beforeAll(async () => {
  component = await startComponent(registry, {
    environment: { REGISTRY_MAX_ARTIFACT_BYTES: String(maxArtifactBytes) },
  });
});
afterAll(() => component.close());

type Json = Record<string, unknown>;

const get = (path: string) => component.get(path);
const mlflow = (method: string, path: string, body?: unknown) =>
  component.request(method, `/api/2.0/mlflow/${path}`, body);

/** Sends the path as it stands: `fetch` would tidy it up. */
function rawStatus(method: string, path: string, body?: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const url = new URL(component.url());
    const sent = request({ host: url.hostname, port: url.port, method, path }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/**
 * Uploads so many bytes and waits for the answer without ending the body. Of a body that goes on, what is sent after the
 * refusal would break the connection, perhaps before the answer is read.
 */
function statusOfUnended(path: string, bytes: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const url = new URL(component.url());
    const sent = request({ host: url.hostname, port: url.port, method: 'PUT', path }, (response) => {
      resolve(response.statusCode ?? 0);
      sent.destroy();
    });
    sent.on('error', reject);
    sent.write('x'.repeat(bytes));
  });
}

/** The events of a model; waits for the first. */
function eventsAbout<Definition extends EventDefinition>(definition: Definition, model: string) {
  return eventually(async () => {
    const found = (await component.eventsOf(definition)).filter(
      ({ payload }) => (payload as { modelName: string }).modelName === model,
    );
    if (found.length === 0) throw new Error(`no ${definition.type} of ${model} yet`);
    return found;
  });
}

async function publish<Definition extends EventDefinition>(
  definition: Definition,
  source: string,
  payload: PayloadOf<Definition>,
): Promise<string> {
  const [id] = await component.publish(definition, [{ payload, correlationId: 'story' }], source);
  return id!;
}

/** A tree of one leaf: the smallest model there is. */
function leaf(value: number): Tree {
  return {
    feature: Int32Array.of(-1),
    threshold: new Float32Array(1),
    yes: new Int32Array(1),
    no: new Int32Array(1),
    missingYes: new Uint8Array(1),
    value: Float32Array.of(value),
    depth: 0,
  };
}

/** A trained model with its bytes in the object store; each call makes other bytes. */
async function trained(modelName: string, changes: Partial<PayloadOf<typeof ModelTrained>> = {}) {
  const bytes = buildTreeModel({
    featureNames: ['cpu_usage'],
    trees: [leaf(random.next())],
    offset: 0,
    link: 'sigmoid',
  });
  const digest = digestOf(bytes);
  const trainingId = `training-${digest.slice(7, 15)}`;
  const artifactKey = `trainings/${trainingId}/model.onnx`;
  await component.backends.objects?.put(artifactKey, bytes);
  const reference = Buffer.from('{"features": {}}');
  const referenceKey = `trainings/${trainingId}/reference.json`;
  await component.backends.objects?.put(referenceKey, reference);
  return {
    trainingId,
    runId: trainingId.padEnd(32, '0'),
    modelName,
    digest,
    artifactKey,
    artifacts: { reference: { key: referenceKey, digest: digestOf(reference) } },
    featureNames: ['cpu_usage'],
    members: [{ name: 'xgboost', kind: 'trees' }],
    label: 'incident_within_15m',
    parameters: { depth: 6 },
    metrics: { auc: 0.91, recall: null },
    trainingSet: {
      digest: digestOf('set'),
      rows: 100,
      positives: 10,
      from: component.clock.now().toISOString(),
      to: component.clock.now().toISOString(),
    },
    validated: true,
    evidence: [],
    library: 'xgboost 3',
    startedAt: component.clock.now().toISOString(),
    finishedAt: component.clock.now().toISOString(),
    reason: 'first model',
    ...changes,
  };
}

async function waitForVersion(model: string, version: number): Promise<Json> {
  return eventually(async () => {
    const { status, body } = await get(`/v1/models/${model}/versions/${version}`);
    expect(status).toBe(200);
    return body;
  });
}

const promoted = (modelName: string, modelVersion: number, previousVersion: number | null) => ({
  modelName,
  modelVersion,
  previousVersion,
  rolloutId: `rollout-${modelVersion}`,
  evidence: [],
  policyVersion: 'default',
  promotedAt: component.clock.now().toISOString(),
  reason: 'every step was healthy',
});

/** Waits for the alias and its event, which leaves through the outbox and may be compacted away by the next one. */
async function championIs(modelVersion: number, previousVersion: number | null): Promise<void> {
  await eventually(async () => {
    const { body } = await get('/v1/models/lived/aliases/champion');
    expect(body).toMatchObject({ modelVersion });
    expect((await eventsAbout(AliasChanged, 'lived')).at(-1)?.payload).toMatchObject({
      modelVersion,
      previousVersion,
      artifacts: { reference: expect.anything() as unknown },
    });
  });
}

/** Waits until the registry has committed everything in the topic, whatever the outcome. */
async function waitUntilHandled({ topic }: EventDefinition): Promise<void> {
  await eventually(async () => {
    const positions = await component.backends.bus.positions('registry', [topic]);
    expect(positions.filter(({ lag }) => lag > 0n)).toEqual([]);
  });
}

async function countDeadLetters(definition: EventDefinition): Promise<number> {
  let found = 0;
  for await (const _ of component.backends.bus.read(deadLetterTopic(definition.topic, 'registry'))) {
    found += 1;
  }
  return found;
}

describe('a trained model', () => {
  it('becomes a run, a version and an event that names its cause', async () => {
    const payload = await trained('predictor');
    const cause = await publish(ModelTrained, 'trainer', payload);
    const [event] = await eventsAbout(ModelVersionCreated, 'predictor');
    expect(event).toMatchObject({
      source: 'registry',
      causationIds: [cause],
      correlationId: 'story',
      payload: {
        modelVersion: 1,
        digest: payload.digest,
        artifactKey: payload.artifactKey,
        artifacts: payload.artifacts,
        metrics: { auc: 0.91, recall: null },
        validated: true,
      },
    });
    const run = await mlflow('GET', `runs/get?run_id=${payload.runId}`);
    expect(run.body).toMatchObject({
      run: { info: { status: 'FINISHED' }, data: { metrics: [{ key: 'auc', value: 0.91 }] } },
    });
    const listed = await mlflow('GET', `artifacts/list?run_id=${payload.runId}&path=model`);
    expect(listed.body['files']).toMatchObject([
      { path: 'model/model.onnx' },
      { path: 'model/reference.json' },
    ]);
  });

  it('becomes one version only, however often the event arrives', async () => {
    const payload = await trained('twice');
    const event = { id: 'the-same', time: component.clock.now(), payload };
    await component.publish(ModelTrained, [event], 'trainer');
    await component.publish(ModelTrained, [event], 'trainer');
    await waitUntilHandled(ModelTrained);
    expect((await get('/v1/models/twice/versions')).body['versions']).toHaveLength(1);
  });

  it('is dead-lettered when its bytes are not those that were announced', async () => {
    const before = await countDeadLetters(ModelTrained).catch(() => 0);
    await publish(ModelTrained, 'trainer', await trained('forged', { digest: digestOf('something else') }));
    await eventually(async () => {
      expect(await countDeadLetters(ModelTrained)).toBe(before + 1);
    });
    expect((await get('/v1/models/forged/versions')).status).toBe(404);
  });
});

describe('a trial of a search', () => {
  type Run = { info: Json & { experiment_id: string }; data: { tags: { key: string; value: string }[] } };
  const trialOf = (
    training: { trainingId: string; modelName: string; runId: string },
    number: number,
    changes: Partial<PayloadOf<typeof TrialCompleted>> = {},
  ) =>
    publish(TrialCompleted, 'trainer', {
      ...training,
      trial: number,
      state: 'complete',
      parameters: { max_depth: 3 + number, booster: 'gbtree' },
      objective: null,
      metric: 'validation-logloss',
      startedAt: '2026-11-23T10:00:00.000Z',
      finishedAt: '2026-11-23T10:00:02.000Z',
      ...changes,
    });
  const runIs = (runId: string, info: Json) =>
    eventually(async () => {
      const { body } = await mlflow('GET', `runs/get?run_id=${runId}`);
      expect(body).toMatchObject({ run: { info } });
      return body['run'] as Run;
    });
  const trialsBelow = (runId: string, parent: Run, trials: number) =>
    eventually(async () => {
      const { body } = await mlflow('POST', 'runs/search', {
        experiment_ids: [parent.info.experiment_id],
        filter: `tags.\`mlflow.parentRunId\` = '${runId}'`,
        order_by: ['attributes.run_name ASC'],
      });
      expect(body['runs']).toHaveLength(trials);
      return body['runs'];
    });

  it('is a run below that of its training, which is running until its model is there', async () => {
    const model = await trained('searched');
    const { trainingId, modelName, runId } = model;
    const training = { trainingId, modelName, runId };
    await trialOf(training, 0, { objective: 0.125 });
    const opened = await runIs(runId, { status: 'RUNNING', run_name: trainingId, start_time: 1795428000000 });
    expect(opened.info['end_time']).toBeUndefined();
    await trialOf(training, 1, { state: 'pruned' });
    await trialOf(training, 2, { state: 'failed', reason: 'max_leaves needs lossguide' });
    await publish(ModelTrained, 'trainer', model);

    const parent = await runIs(runId, { status: 'FINISHED', start_time: Date.parse(model.startedAt) });
    // Topics keep no order among each other: a trial may come after the end of its training, and does not open it again.
    await trialOf(training, 3, { state: 'pruned' });
    const found = await trialsBelow(runId, parent, 4);
    await runIs(runId, { status: 'FINISHED' });
    expect(found).toMatchObject([
      {
        info: { run_name: 'trial-0', status: 'FINISHED', start_time: 1795428000000, end_time: 1795428002000 },
        data: {
          params: [
            { key: 'booster', value: 'gbtree' },
            { key: 'max_depth', value: '3' },
          ],
          metrics: [{ key: 'validation-logloss', value: 0.125 }],
        },
      },
      { info: { run_name: 'trial-1', status: 'KILLED' }, data: { metrics: [] } },
      { info: { run_name: 'trial-2', status: 'FAILED' } },
      { info: { run_name: 'trial-3', status: 'KILLED' } },
    ]);
  });

  it.each([
    ['failed', 'FAILED'],
    ['cancelled', 'KILLED'],
  ] as const)('of a training that %s is below a run that says %s, and why', async (outcome, status) => {
    const training = { trainingId: `t-${outcome}`, modelName: `${outcome}-search`, runId: `run-${outcome}` };
    await trialOf(training, 0, { objective: 0.125 });
    await publish(TrainingFailed, 'trainer', {
      ...training,
      step: 'search',
      code: 'TRAINER_OF_A_KIND',
      message: 'It could not go on',
      failedAt: '2026-11-23T10:00:09.000Z',
      outcome,
      startedAt: '2026-11-23T09:59:00.000Z',
    });
    const parent = await runIs(training.runId, {
      status,
      run_name: training.trainingId,
      start_time: Date.parse('2026-11-23T09:59:00.000Z'),
      end_time: Date.parse('2026-11-23T10:00:09.000Z'),
    });
    const tags = Object.fromEntries(parent.data.tags.map(({ key, value }) => [key, value]));
    expect(tags).toMatchObject({
      'headrace.training_id': training.trainingId,
      'headrace.failed_step': 'search',
      'headrace.failure_code': 'TRAINER_OF_A_KIND',
      'headrace.failure': 'It could not go on',
    });
    await trialsBelow(training.runId, parent, 1);
  });
});

describe('the champion', () => {
  it('follows promotions, and its history answers who was live when (mlflow#2169)', async () => {
    for (const round of [1, 2]) {
      await publish(ModelTrained, 'trainer', await trained('lived'));
      await waitForVersion('lived', round);
    }
    component.clock.set('2026-11-23T13:00:00Z');
    await publish(RolloutPromoted, 'canary-controller', promoted('lived', 1, null));
    await championIs(1, null);
    component.clock.set('2026-11-23T14:00:00Z');
    await publish(RolloutPromoted, 'canary-controller', promoted('lived', 2, 1));
    await championIs(2, 1);
    const at = async (instant: string) =>
      (await get(`/v1/models/lived/aliases/champion?at=${encodeURIComponent(instant)}`)).body;
    expect(await at('2026-11-23T12:59:59.999Z')).toMatchObject({ code: 'REGISTRY_ALIAS_NOT_FOUND' });
    expect(await at('2026-11-23T13:00:00Z')).toMatchObject({ modelVersion: 1 });
    expect(await at('2026-11-23T13:59:59.999Z')).toMatchObject({ modelVersion: 1, rolloutId: 'rollout-1' });
    expect(await at('2026-11-23T15:00:00+01:00')).toMatchObject({ modelVersion: 2, until: null });
  });

  it('goes back when the version that was promoted is rolled back, which is then unstable', async () => {
    component.clock.advance(60_000);
    await publish(RolloutRolledBack, 'canary-controller', {
      modelName: 'lived',
      modelVersion: 2,
      rolloutId: 'rollout-3',
      restoredVersion: 1,
      evidence: [],
      policyVersion: 'default',
      rolledBackAt: component.clock.now().toISOString(),
      reason: 'recall fell',
    });
    await championIs(1, 2);
    expect((await eventsAbout(VersionMarkedUnstable, 'lived'))[0]?.payload).toMatchObject({
      modelVersion: 2,
    });
    expect(await waitForVersion('lived', 2)).toMatchObject({
      stability: 'unstable',
      history: [{ what: 'created' }, { what: 'alias champion' }, { what: 'marked unstable' }],
    });
    const request = { name: 'lived', alias: 'champion', version: '2' };
    const refused = await mlflow('POST', 'registered-models/alias', request);
    expect(refused).toMatchObject({ status: 409, body: { code: 'REGISTRY_CHAMPION_REFUSED' } });
  });

  it('is never a version whose validation failed', async () => {
    await publish(ModelTrained, 'trainer', await trained('unproved', { validated: false }));
    expect(await waitForVersion('unproved', 1)).toMatchObject({ validated: false, aliases: [] });
    const before = await countDeadLetters(RolloutPromoted).catch(() => 0);
    await publish(RolloutPromoted, 'canary-controller', promoted('unproved', 1, null));
    await eventually(async () => {
      expect(await countDeadLetters(RolloutPromoted)).toBe(before + 1);
    });
    const request = { name: 'unproved', alias: 'champion', version: '1', validated: true, approvedBy: 'me' };
    expect(await mlflow('POST', 'registered-models/alias', request)).toMatchObject({
      status: 409,
      body: { error_code: 'INVALID_STATE' },
    });
    expect((await get('/v1/models/unproved/aliases/champion')).status).toBe(404);
  });
});

describe('artifacts', () => {
  const artifact = (path: string) => `/api/2.0/mlflow-artifacts/artifacts/${path}`;

  async function newRun(): Promise<string> {
    const { body } = await mlflow('POST', 'runs/create', { experiment_id: '0' });
    return (body['run'] as { info: { run_id: string } }).info.run_id;
  }

  async function upload(path: string, content: string | Uint8Array): Promise<number> {
    return (await component.request('PUT', artifact(path), Buffer.from(content), {})).status;
  }

  it('come back as they were sent, of any content type, and share one object when they are equal', async () => {
    const run = await newRun();
    expect(await upload(`0/${run}/artifacts/a/one.json`, '{"x": 1}')).toBe(200);
    expect(await upload(`0/${run}/artifacts/b/two.json`, '{"x": 1}')).toBe(200);
    const large = Buffer.alloc(9_000_000, 7);
    expect(await upload(`0/${run}/artifacts/large.bin`, large)).toBe(200);
    const one = await get(artifact(`0/${run}/artifacts/a/one.json`));
    expect(one.text).toBe('{"x": 1}');
    expect(one.headers.get('content-disposition')).toBe('attachment');
    expect(one.headers.get('etag')).toBe(`"${digestOf('{"x": 1}')}"`);
    const back = await fetch(component.url(artifact(`0/${run}/artifacts/large.bin`)));
    expect(digestOf(new Uint8Array(await back.arrayBuffer()))).toBe(digestOf(large));
    const keys: string[] = [];
    for await (const { key } of component.backends.objects!.list('registry/')) keys.push(key);
    expect(keys.filter((key) => key.endsWith(digestOf('{"x": 1}').slice(7)))).toHaveLength(1);
    expect(keys.filter((key) => key.includes('staging'))).toEqual([]);
  });

  it('are refused when they are larger than the limit, and nothing of them stays', async () => {
    const run = await newRun();
    const status = await statusOfUnended(artifact(`0/${run}/artifacts/huge.bin`), maxArtifactBytes + 1);
    expect(status).toBe(413);
    expect((await mlflow('GET', `artifacts/list?run_id=${run}`)).body['files']).toEqual([]);
  });

  it.each([
    '../../../etc/passwd',
    '0/../../secret',
    '0/%2e%2e/%2e%2e/secret',
    '0/%252e%252e/%252e%252e/secret',
    '0/%25252e%25252e%25252fsecret',
    '0/..%2f..%2fsecret',
    '0/..%5c..%5csecret',
    '0/%c0%ae%c0%ae/secret',
    '%2fetc%2fpasswd',
    '0//secret',
    '0/./secret',
    '0/a%00b',
    '0/a%0ab',
    '0/%E2%80%AEexe',
    '0/%EF%BC%8E%EF%BC%8E/secret',
    '0/%E2%80%A5/secret',
    'C:%5cwindows',
    'file:%2f%2f%2fetc%2fpasswd',
    `0/${'a'.repeat(10_000)}`,
  ])('refuse the path %s in every direction', async (path) => {
    for (const [method, body] of [
      ['PUT', 'x'],
      ['GET', undefined],
      ['DELETE', undefined],
    ] as const) {
      expect(await rawStatus(method, artifact(path), body)).toBeOneOf([400, 404, 414]);
    }
    expect(await rawStatus('PUT', artifact(path), 'x')).not.toBe(200);
  });

  it('make a version when they are a model, with what the file says about itself', async () => {
    const run = await newRun();
    const { artifactKey } = await trained('source');
    const bytes = await component.backends.objects!.get(artifactKey);
    await upload(`0/${run}/artifacts/model/model.onnx`, bytes);
    await upload(`0/${run}/artifacts/model/MLmodel`, 'flavors: {}\n');
    await mlflow('POST', 'registered-models/create', { name: 'uploaded' });
    const created = await mlflow('POST', 'model-versions/create', {
      name: 'uploaded',
      source: `runs:/${run}/model`,
      run_id: run,
    });
    expect(created).toMatchObject({
      status: 200,
      body: { model_version: { version: '1', status: 'READY' } },
    });
    expect(await waitForVersion('uploaded', 1)).toMatchObject({
      digest: digestOf(bytes),
      featureNames: ['cpu_usage'],
      validated: false,
    });
  });

  it.each([
    ['model.pkl', Buffer.from([0x80, 4, 0x95, 0, 0, 0x2e])],
    ['model.onnx', Buffer.from([0x80, 4, 0x95, 0, 0, 0x2e])],
    ['model.json', Buffer.from('cos\nsystem\n(S"true"\ntR.')],
    ['model.onnx', Buffer.from('not a model')],
    ['model.json', Buffer.from('{')],
    ['model.pt', Buffer.from('PK\u0003\u0004')],
    ['MLmodel', Buffer.from([0, 1, 2])],
  ])('never make a version of %s that is not what versions may hold', async (file, bytes) => {
    const run = await newRun();
    await upload(`0/${run}/artifacts/model/${file}`, bytes);
    await mlflow('POST', 'registered-models/create', { name: 'refused' });
    const created = await mlflow('POST', 'model-versions/create', {
      name: 'refused',
      source: `runs:/${run}/model`,
    });
    expect(created).toMatchObject({ status: 400, body: { code: 'REGISTRY_MODEL_FILE_REFUSED' } });
  });

  it.each([
    'file:///etc',
    '/etc',
    'http://169.254.169.254/latest',
    's3://bucket/x',
    'mlflow-artifacts:/../x',
  ])('are not taken from %s', async (source) => {
    await mlflow('POST', 'registered-models/create', { name: 'elsewhere' });
    const created = await mlflow('POST', 'model-versions/create', { name: 'elsewhere', source });
    expect(created).toMatchObject({ status: 400, body: { error_code: 'INVALID_PARAMETER_VALUE' } });
  });
});

describe('requests that are not in order', () => {
  it('answers what is wrong, in the words of MLflow', async () => {
    expect(await mlflow('GET', 'runs/get?run_id=nobody')).toMatchObject({
      status: 404,
      body: { error_code: 'RESOURCE_DOES_NOT_EXIST' },
    });
    expect(await mlflow('POST', 'runs/create', [])).toMatchObject({
      body: { error_code: 'INVALID_PARAMETER_VALUE' },
    });
    expect(await mlflow('GET', 'experiments/get')).toMatchObject({ status: 400 });
  });

  it.each(['a/b', '..', 'a\\b', 'a\u0000b', 'x'.repeat(10_000), 'a%2fb', '\u202Eevil', ''])(
    'refuses %j as the name of a model',
    async (name) => {
      const created = await mlflow('POST', 'registered-models/create', { name });
      expect(created).toMatchObject({ status: 400, body: { error_code: 'INVALID_PARAMETER_VALUE' } });
    },
  );

  it('does not let a filter reach the SQL', async () => {
    for (const filter of [
      `name = 'x'; DROP TABLE registry.run`,
      `name = '' OR 1=1`,
      `"a' --".b = 'c'`,
      `tags.'`,
    ]) {
      expect(
        (await mlflow('GET', `registered-models/search?filter=${encodeURIComponent(filter)}`)).status,
      ).toBe(400);
    }
    const quoted = await mlflow(
      'GET',
      `registered-models/search?filter=${encodeURIComponent(`name = 'x''; DROP TABLE registry.run; --'`)}`,
    );
    expect(quoted).toMatchObject({ status: 200, body: { registered_models: [] } });
  });
});
