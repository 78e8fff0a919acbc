import 'reflect-metadata';
import { createServer, request as httpRequest, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { credentials, loadPackageDefinition, type Client, type ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import {
  AliasChanged,
  FeaturesComputed,
  ModelLoaded,
  ModelLoadFailed,
  PredictionMade,
  TrafficShifted,
  type EventDefinition,
} from '@headrace/contracts';
import { inference } from '../src/inference.module.js';
import { deterministicId, digestOf, SeededRandom } from '@headrace/kernel';
import { type ReceivedEvent } from '@headrace/messaging';
import {
  buildEnsembleModel,
  buildTreeModel,
  computeMargin,
  sigmoid,
  type LstmWeights,
  type TreeEnsemble,
} from '@headrace/onnx';
import { startComponent, type Component } from '@headrace/service-host/testing';
import { eventually, type FakeClock } from '@headrace/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const modelName = 'performance-predictor';
const featureNames = ['cpu_usage_mean_5m', 'memory_usage_last', 'hour'];

/** One stump on the first column: below `threshold` (or missing) the margin is `low`, otherwise `high`. */
function stump(threshold: number, low: number, high: number): TreeEnsemble {
  return {
    featureNames,
    trees: [
      {
        feature: Int32Array.of(0, -1, -1),
        threshold: Float32Array.of(threshold, 0, 0),
        yes: Int32Array.of(1, 0, 0),
        no: Int32Array.of(2, 0, 0),
        missingYes: Uint8Array.of(1, 0, 0),
        value: Float32Array.of(0, low, high),
        depth: 1,
      },
    ],
    offset: 0,
    link: 'sigmoid',
  };
}
const first = stump(80, -2, 2);
const second = stump(70, -1, 3);
const files = new Map([
  [1, buildTreeModel(first, { metadata: { trainingSetDigest: 'sha256:abc' } })],
  [2, buildTreeModel(second)],
]);
const probability = (ensemble: TreeEnsemble, ...row: number[]): number =>
  sigmoid(computeMargin(ensemble, Float32Array.from(row)));

let component: Component<FakeClock>;
let features: Server;
let answerOfFeatureStore: (body: unknown) => { status: number; body: unknown };

const keyOf = (version: number): string => `models/${modelName}/${version}/model.onnx`;
const digestOfVersion = (version: number): string => digestOf(files.get(version) ?? new Uint8Array(0));

async function setChampion(modelVersion: number, artifactKey = keyOf(modelVersion)): Promise<void> {
  component.clock.advance(1000);
  const now = component.clock.now();
  await component.publish(AliasChanged, [
    {
      id: deterministicId('alias', now.toISOString()),
      time: now,
      payload: {
        modelName,
        alias: 'champion',
        modelVersion,
        previousVersion: null,
        digest: digestOfVersion(modelVersion),
        artifactKey,
        artifacts: {},
        featureNames,
        reason: 'test',
        rolloutId: null,
        changedAt: now.toISOString(),
      },
    },
  ]);
}

async function shiftTraffic(
  canaryPercent: number,
  canary: { version: number; digest?: string; key?: string },
): Promise<void> {
  component.clock.advance(1000);
  const now = component.clock.now();
  const share = (
    modelVersion: number,
    arm: 'baseline' | 'canary',
    percent: number,
    digest: string,
    artifactKey: string,
  ) => ({
    modelVersion,
    arm,
    percent,
    digest,
    artifactKey,
    featureNames,
  });
  await component.publish(TrafficShifted, [
    {
      id: deterministicId('shift', now.toISOString()),
      time: now,
      payload: {
        modelName,
        rolloutId: 'rollout-1',
        weights: [
          share(1, 'baseline', 100 - canaryPercent, digestOfVersion(1), keyOf(1)),
          share(
            canary.version,
            'canary',
            canaryPercent,
            canary.digest ?? digestOfVersion(canary.version),
            canary.key ?? keyOf(canary.version),
          ),
        ],
        shiftedAt: now.toISOString(),
        reason: 'test',
      },
    },
  ]);
}

async function publishFeatures(
  prefix: string,
  rows: readonly Readonly<Record<string, number | null>>[],
): Promise<void> {
  const now = component.clock.now();
  await component.publish(
    FeaturesComputed,
    rows.map((row, index) => ({
      id: `${prefix}-${index}`,
      time: now,
      payload: {
        featuresId: `${prefix}-${index}`,
        readingId: `reading-${prefix}-${index}`,
        systemId: `web-${index}`,
        eventTime: now.toISOString(),
        knownTime: now.toISOString(),
        view: 'system_metrics',
        viewVersion: 1,
        features: row,
      },
    })),
  );
}

const eventsOf = <Definition extends EventDefinition>(definition: Definition) =>
  component.eventsOf(definition);

/** The predictions about one batch of features, once all of them are there. */
function predictionsOf(prefix: string, count: number): Promise<ReceivedEvent<typeof PredictionMade>[]> {
  return eventually(async () => {
    const found = (await eventsOf(PredictionMade)).filter(({ payload }) =>
      payload.featuresId?.startsWith(`${prefix}-`),
    );
    expect(found).toHaveLength(count);
    return found;
  });
}

/**
 * Predictions about rows that were scored by the division that `fits` asks for. A version is reported as loaded, or refused,
 * a moment before the division changes: rows that come in between are scored by the one before, and come again.
 */
let attempts = 0;
function scoredUnder(
  rows: readonly Readonly<Record<string, number | null>>[],
  fits: (predictions: readonly ReceivedEvent<typeof PredictionMade>[]) => void,
): Promise<void> {
  return eventually(async () => {
    const prefix = `attempt-${(attempts += 1)}`;
    await publishFeatures(prefix, rows);
    fits(await predictionsOf(prefix, rows.length));
  });
}

const get = (path: string) => component.get(path);
const post = (path: string, body: unknown) => component.post(path, body);
const inferPath = `/v2/models/${modelName}/infer`;
const inferBody = (data: unknown, shape: readonly number[] = [1, 3]): object => ({
  inputs: [{ name: 'features', datatype: 'FP32', shape, data }],
});

beforeAll(async () => {
  features = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const { status, body } = answerOfFeatureStore(JSON.parse(text));
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => features.listen(0, '127.0.0.1', resolve));
  component = await startComponent(inference, {
    environment: {
      INFERENCE_INSTANCE: 'test',
      INFERENCE_MAX_ROWS: '5000',
      FEATURE_STORE_URL: `http://127.0.0.1:${(features.address() as AddressInfo).port}`,
    },
    prepare: async ({ objects }) => {
      for (const [version, file] of files) await objects!.put(keyOf(version), file);
      return undefined;
    },
  });
});

afterAll(async () => {
  await component.close();
  features.close();
});

describe('inference before there is a champion', () => {
  it('is alive and not ready, and says what it waits for', async () => {
    expect((await get('/v2/health/live')).status).toBe(200);
    expect((await get('/v2/health/ready')).status).toBe(503);
    const health = await get('/health/ready');
    expect(health.status).toBe(503);
    expect(health.text).toContain('performance-predictor');
  });

  it('skips the rows of the stream and counts them', async () => {
    await publishFeatures('early', [{ hour: 1 }, { hour: 2 }]);
    await eventually(async () => {
      const metrics = (await get('/metrics')).text;
      expect(metrics).toMatch(/inference_rows_passed_over_total\{.*reason="no-model".*\} 2/);
    });
    expect(await eventsOf(PredictionMade)).toEqual([]);
  });

  it('answers 404 for a model that is not there', async () => {
    const { status, body } = await post(inferPath, inferBody([1, 2, 3]));
    expect(status).toBe(404);
    expect(body['error']).toContain('No model "performance-predictor" is loaded');
  });
});

describe('inference with a champion', () => {
  beforeAll(async () => {
    await setChampion(1);
    await eventually(async () => expect((await get('/health/ready')).status).toBe(200));
  });

  it('says that the version is loaded, proved equal to onnxruntime on many rows', async () => {
    const [loaded] = await eventually(async () => {
      const found = await eventsOf(ModelLoaded);
      expect(found).not.toEqual([]);
      return found;
    });
    expect(loaded?.payload).toMatchObject({
      modelName,
      modelVersion: 1,
      digest: digestOfVersion(1),
      scorer: 'compiled-trees',
    });
    expect(loaded?.payload.proof.rows).toBe(512);
    expect(loaded?.payload.proof.largestDifference).toBeLessThan(1e-6);
  });

  it('describes the model completely', async () => {
    const description = await get(`/v2/models/${modelName}`);
    expect(description.body).toMatchObject({
      name: modelName,
      versions: ['1'],
      platform: 'onnx',
      inputs: [{ name: 'features', datatype: 'FP32', shape: [-1, 3] }],
      outputs: [
        { name: 'probability', datatype: 'FP32', shape: [-1] },
        { name: 'xgboost', datatype: 'FP32', shape: [-1] },
      ],
      properties: {
        digest: digestOfVersion(1),
        feature_names: JSON.stringify(featureNames),
        training_set_digest: 'sha256:abc',
      },
    });
    expect((await get(`/v2/models/${modelName}/ready`)).status).toBe(200);
    expect((await get(`/v2/models/${modelName}/versions/1/ready`)).status).toBe(200);
    expect((await get(`/v2/models/${modelName}/versions/9/ready`)).status).toBe(404);
  });

  it('answers rows as JSON, nested or flat, null being a missing value', async () => {
    const { status, body } = await post(inferPath, {
      id: 'r-1',
      ...inferBody(
        [
          [90, 1, 2],
          [null, 1, 2],
        ],
        [2, 3],
      ),
    });
    expect(status).toBe(200);
    const high = probability(first, 90, 1, 2);
    const missing = probability(first, NaN, 1, 2);
    expect(body).toEqual({
      model_name: modelName,
      model_version: '1',
      id: 'r-1',
      outputs: [
        { name: 'probability', datatype: 'FP32', shape: [2], data: [high, missing] },
        { name: 'xgboost', datatype: 'FP32', shape: [2], data: [high, missing] },
      ],
    });
    // 1 / (1 + e^-2)
    expect(high).toBeCloseTo(0.8808, 4);
  });

  it('takes and answers binary tensors without a content type', async () => {
    const json = JSON.stringify({
      inputs: [{ name: 'features', datatype: 'FP32', shape: [1, 3], parameters: { binary_data_size: 12 } }],
      outputs: [{ name: 'probability', parameters: { binary_data: true } }],
    });
    const body = Buffer.concat([Buffer.from(json), Buffer.from(Float32Array.of(90, 1, 2).buffer)]);
    const response = await fetch(component.url(inferPath), {
      method: 'POST',
      headers: { 'inference-header-content-length': String(json.length) },
      body: new Blob([body]),
    });
    expect(response.status).toBe(200);
    const answer = Buffer.from(await response.arrayBuffer());
    const length = Number(response.headers.get('inference-header-content-length'));
    expect(JSON.parse(answer.toString('utf8', 0, length))).toMatchObject({
      outputs: [{ name: 'probability', shape: [1], parameters: { binary_data_size: 4 } }],
    });
    expect(answer.readFloatLE(length)).toBe(probability(first, 90, 1, 2));
  });

  it.each([
    ['an empty body', '', /./],
    ['no inputs', { inputs: [] }, /features/],
    ['too few columns', inferBody([1, 2], [1, 2]), /expects features FP32 \[n, 3\]/],
    ['fewer values than the shape', inferBody([1, 2], [1, 3]), /holds 2 values/],
    ['a negative shape', inferBody([], [-1, 3]), /expects features/],
    [
      'another type',
      { inputs: [{ name: 'features', datatype: 'INT64', shape: [1, 3], data: [1, 2, 3] }] },
      /INT64/,
    ],
    [
      'another name',
      { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 3], data: [1, 2, 3] }] },
      /no input ..x/,
    ],
    ['text for a number', inferBody(['1', 2, 3]), /a string, not a number/],
    ['a number beyond FP32', inferBody([1e308, 2, 3]), /not a finite FP32/],
    ['an output that is not there', { ...inferBody([1, 2, 3]), outputs: [{ name: 'y' }] }, /no output ..y/],
  ])('refuses %s with 400 and says what it expects', async (_, body, message) => {
    const answer = await post(inferPath, body);
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body)).toMatch(message);
  });

  it('refuses more rows than one request may have', async () => {
    const rows = 5001;
    const { status, body } = await post(inferPath, inferBody(new Array(rows * 3).fill(1), [rows, 3]));
    expect(status).toBe(413);
    expect(body['error']).toContain('5000 are allowed');
  });

  it.each(['..%2f..%2fetc', '%252e%252e%252f', 'x%00y', encodeURIComponent('\u202e'), 'a'.repeat(1000)])(
    'finds no model with the name %.20s',
    async (name) => {
      const { status } = await post(`/v2/models/${name}/infer`, inferBody([1, 2, 3]));
      expect([400, 404]).toContain(status);
    },
  );

  it('scores every row of the stream, in the order of the columns, and abstains where nothing is known', async () => {
    await publishFeatures('stream', [
      { hour: 3, cpu_usage_mean_5m: 91, memory_usage_last: 5, unknown: 1 },
      { hour: 3, cpu_usage_mean_5m: null, memory_usage_last: 5 },
      { unknown: 4 },
    ]);
    const predictions = await predictionsOf('stream', 3);
    const byRow = new Map(predictions.map(({ payload }) => [payload.featuresId, payload]));
    expect(byRow.get('stream-0')).toMatchObject({
      probability: probability(first, 91, 5, 3),
      predictionId: deterministicId('stream-0', digestOfVersion(1)),
      arm: 'baseline',
      origin: 'stream',
      shadow: [],
    });
    expect(byRow.get('stream-1')).toMatchObject({ probability: probability(first, NaN, 5, 3) });
    expect(byRow.get('stream-2')).toMatchObject({ probability: null, degradation: 'no-features' });
    expect(predictions[0]?.causationIds).toEqual([predictions[0]?.payload.featuresId]);
    const metrics = (await get('/metrics')).text;
    expect(metrics).toMatch(/ml_predictions_total\{.*model_version="1".*prediction_type="stream".*\} 3/);
    expect(metrics).toContain('ml_prediction_duration_seconds_bucket');
  });

  it('predicts for a system from its online features', async () => {
    answerOfFeatureStore = () => ({
      status: 200,
      body: {
        metadata: {
          feature_names: ['system_id', ...featureNames],
          features_ids: { system_metrics: ['features-of-web-1'] },
        },
        results: [
          { values: ['web-1'], statuses: ['PRESENT'], event_timestamps: ['1970-01-01T00:00:00Z'] },
          { values: [95], statuses: ['PRESENT'], event_timestamps: ['2026-11-23T11:59:00Z'] },
          { values: [50], statuses: ['OUTSIDE_MAX_AGE'], event_timestamps: ['2026-11-23T09:00:00Z'] },
          { values: [null], statuses: ['NOT_FOUND'], event_timestamps: ['1970-01-01T00:00:00Z'] },
        ],
      },
    });
    const { status, body } = await post('/v1/predict', { system_id: 'web-1' });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      model_version: '1',
      probability: probability(first, 95, NaN, NaN),
      features_at: '2026-11-23T11:59:00.000Z',
      missing_features: ['memory_usage_last', 'hour'],
    });
    await eventually(async () => {
      const made = (await eventsOf(PredictionMade)).find(({ id }) => id === body['prediction_id']);
      expect(made?.payload).toMatchObject({
        origin: 'request',
        systemId: 'web-1',
        featuresId: 'features-of-web-1',
      });
      expect(made?.causationIds).toEqual(['features-of-web-1']);
    });
  });

  it('publishes what it predicts for a named system over the protocol, one event for each row', async () => {
    const rows = [
      [90, 1, 2],
      [10, 1, 2],
    ];
    const { body } = await post(inferPath, {
      ...inferBody(rows, [2, 3]),
      parameters: { system_id: 'web-7' },
    });
    const { prediction_ids: ids } = body['parameters'] as { prediction_ids: string };
    const made = (await eventsOf(PredictionMade)).filter(({ id }) => ids.split(',').includes(id));
    expect(made.map(({ payload }) => [payload.systemId, payload.origin, payload.probability])).toEqual(
      rows.map((row) => ['web-7', 'request', probability(first, ...row)]),
    );
    expect(made.map(({ id }) => id)).toEqual(ids.split(','));
    const tooLong = { ...inferBody(rows, [2, 3]), parameters: { system_id: 'x'.repeat(513) } };
    expect((await post(inferPath, tooLong)).status).toBe(400);
  });

  it('abstains with the reason when the feature store knows nothing or fails', async () => {
    answerOfFeatureStore = () => ({
      status: 200,
      body: { metadata: { feature_names: ['system_id'] }, results: [{ values: ['x'] }] },
    });
    expect((await post('/v1/predict', { system_id: 'unknown' })).body).toMatchObject({
      probability: null,
      degradation: 'no-features',
    });
    answerOfFeatureStore = () => ({ status: 500, body: { detail: 'broken' } });
    expect((await post('/v1/predict', { system_id: 'web-1' })).body).toMatchObject({
      probability: null,
      degradation: 'features-unavailable',
    });
    expect((await post('/v1/predict', { system: 'web-1' })).status).toBe(400);
  });

  it('speaks the protocol over gRPC', async () => {
    const client = grpcClient(component.service.grpcAddress ?? '');
    expect(await client('ServerLive', {})).toEqual({ live: true });
    expect(await client('ServerReady', {})).toEqual({ ready: true });
    expect(await client('ModelReady', { name: modelName })).toEqual({ ready: true });
    expect(await client('ModelReady', { name: 'other' })).toEqual({ ready: false });
    expect(await client('ServerMetadata', {})).toMatchObject({ name: 'headrace-inference' });
    expect(await client('ModelMetadata', { name: modelName })).toMatchObject({
      versions: ['1'],
      inputs: [{ name: 'features', datatype: 'FP32', shape: ['-1', '3'] }],
    });
    const tensor = { name: 'features', datatype: 'FP32', shape: [2, 3] };
    const values = Float32Array.of(90, 1, 2, 10, 1, 2);
    const expected = [probability(first, 90, 1, 2), probability(first, 10, 1, 2)];
    const typed = await client('ModelInfer', {
      modelName,
      inputs: [{ ...tensor, contents: { fp32Contents: [...values] } }],
      outputs: [{ name: 'probability' }],
    });
    expect(typed).toMatchObject({
      modelVersion: '1',
      outputs: [{ name: 'probability', contents: { fp32Contents: expected } }],
    });
    const raw = (await client('ModelInfer', {
      modelName,
      inputs: [tensor],
      rawInputContents: [Buffer.from(values.buffer)],
      outputs: [{ name: 'probability' }],
    })) as { rawOutputContents: Buffer[] };
    expect([raw.rawOutputContents[0]?.readFloatLE(0), raw.rawOutputContents[0]?.readFloatLE(4)]).toEqual(
      expected,
    );
    await expect(
      client('ModelInfer', { modelName, inputs: [{ ...tensor, shape: [1, 2] }] }),
    ).rejects.toMatchObject({
      code: 3,
      details: expect.stringContaining('expects features FP32 [n, 3]') as string,
    });
    await expect(client('ModelInfer', { modelName: 'other', inputs: [tensor] })).rejects.toMatchObject({
      code: 5,
    });
  });
});

describe('inference during a rollout', () => {
  const rows = (count: number): Record<string, number>[] =>
    Array.from({ length: count }, () => ({ cpu_usage_mean_5m: 75, memory_usage_last: 1, hour: 1 }));

  it('loads a canary at 0 percent, scores it in the shadow and gives it no traffic (seldon-core#4067)', async () => {
    await shiftTraffic(0, { version: 2 });
    await eventually(async () => {
      const loaded = (await eventsOf(ModelLoaded)).map(({ payload }) => payload.modelVersion);
      expect(loaded).toContain(2);
    });
    await scoredUnder(rows(40), (predictions) => {
      for (const { payload } of predictions) {
        expect(payload).toMatchObject({ arm: 'baseline', modelVersion: 1, rolloutId: 'rollout-1' });
        expect(payload.shadow).toEqual([
          { modelVersion: 2, arm: 'canary', probability: probability(second, 75, 1, 1) },
        ]);
      }
    });
  });

  it('divides the systems by the weights, each with the other arm in its shadow', async () => {
    await shiftTraffic(50, { version: 2 });
    await eventually(async () => {
      const { body } = await post(inferPath, {
        ...inferBody([75, 1, 1]),
        parameters: { system_id: 'web-0' },
      });
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          post(inferPath, { ...inferBody([75, 1, 1]), parameters: { system_id: `web-${index}` } }),
        ),
      );
      expect(new Set(answers.map(({ body: answer }) => answer['model_version']))).toEqual(
        new Set(['1', '2']),
      );
      expect(body['model_version']).toBeDefined();
    });
    await publishFeatures('divided', rows(60));
    const predictions = await predictionsOf('divided', 60);
    const canary = predictions.filter(({ payload }) => payload.arm === 'canary');
    expect(canary.length).toBeGreaterThan(10);
    expect(canary.length).toBeLessThan(50);
    for (const { payload } of canary) {
      expect(payload).toMatchObject({ modelVersion: 2, probability: probability(second, 75, 1, 1) });
      expect(payload.shadow).toEqual([
        { modelVersion: 1, arm: 'baseline', probability: probability(first, 75, 1, 1) },
      ]);
    }
    // The same system asks over REST and gets its arm.
    const [sample] = canary;
    const { body } = await post(inferPath, {
      ...inferBody([75, 1, 1]),
      parameters: { system_id: sample?.payload.systemId },
    });
    expect(body['model_version']).toBe('2');
  });

  it('refuses a canary whose file is another than the registered one, and serves on with the baseline', async () => {
    await shiftTraffic(25, { version: 3, digest: digestOfVersion(1), key: keyOf(2) });
    const failed = await eventually(async () => {
      const found = (await eventsOf(ModelLoadFailed)).find(({ payload }) => payload.modelVersion === 3);
      expect(found).toBeDefined();
      return found;
    });
    expect(failed?.payload.code).toBe('INFERENCE_MODEL_DIGEST_MISMATCH');
    await scoredUnder(rows(30), (predictions) => {
      for (const { payload } of predictions) expect(payload).toMatchObject({ modelVersion: 1, shadow: [] });
    });
  });

  it('refuses a file that is not a model, and continues', async () => {
    const garbage = Buffer.from(Array.from({ length: 2000 }, () => new SeededRandom(5).integer(256)));
    await component.backends.objects!.put('models/garbage', garbage);
    await shiftTraffic(25, { version: 4, digest: digestOf(garbage), key: 'models/garbage' });
    await eventually(async () => {
      const codes = (await eventsOf(ModelLoadFailed)).map(({ payload }) => payload.code);
      expect(codes).toContain('ONNX_MODEL_REFUSED');
    });
    expect((await get('/health/ready')).status).toBe(200);
  });

  it('runs trees beside an LSTM in onnxruntime, and the trees alone where there is no sequence', async () => {
    // Kernels of zero and an intercept of zero: the LSTM says 0.5 to everything.
    const undecided: LstmWeights = {
      steps: 2,
      channels: 1,
      layers: [
        {
          units: 1,
          kernel: new Float32Array(4),
          recurrentKernel: new Float32Array(4),
          bias: new Float32Array(4),
        },
      ],
      dense: { kernel: new Float32Array(1), bias: new Float32Array(1) },
      scaler: { mean: Float32Array.of(50), scale: Float32Array.of(10) },
    };
    const graph = Buffer.from(
      buildEnsembleModel({
        featureNames,
        members: [
          { kind: 'trees', name: 'xgboost', weight: 3, trees: second },
          { kind: 'lstm', name: 'lstm', weight: 1, lstm: undecided },
        ],
      }),
    );
    await component.backends.objects!.put('models/graph', graph);
    await shiftTraffic(0, { version: 5, digest: digestOf(graph), key: 'models/graph' });
    await eventually(async () => {
      const loaded = (await eventsOf(ModelLoaded)).find(({ payload }) => payload.modelVersion === 5);
      expect(loaded?.payload.scorer).toBe('onnxruntime');
    });
    const rows = Array.from({ length: 130 }, (_, index) => [index, 1, 1]);
    const ofTrees = rows.map(([cpu]) => sigmoid((cpu ?? 0) < 70 ? -1 : 3));
    const infer = async (...more: object[]): Promise<Record<string, readonly (number | null)[]>> => {
      const request = inferBody(rows, [rows.length, 3]) as { inputs: object[] };
      const { status, body } = await post(`/v2/models/${modelName}/versions/5/infer`, {
        ...request,
        inputs: [...request.inputs, ...more],
      });
      expect(status).toBe(200);
      const outputs = body['outputs'] as { name: string; data: (number | null)[] }[];
      return Object.fromEntries(outputs.map(({ name, data }) => [name, data]));
    };
    const alone = await infer();
    expect(alone['probability']).toEqual(ofTrees.map((p) => expect.closeTo(p, 6) as number));
    expect(alone['lstm']).toEqual(rows.map(() => null));
    // Every second row has a sequence.
    const both = await infer({
      name: 'sequence',
      datatype: 'FP32',
      shape: [rows.length, 2, 1],
      data: rows.flatMap((_, row) => (row % 2 === 0 ? [null, null] : [null, 60])),
    });
    expect(both['probability']).toEqual(
      ofTrees.map((p, row) => expect.closeTo(row % 2 === 0 ? p : 0.75 * p + 0.125, 6) as number),
    );
    await scoredUnder([{ cpu_usage_mean_5m: 75 }, {}], (predictions) => {
      expect(
        predictions.flatMap(({ payload }) => payload.shadow.map(({ probability }) => probability)).sort(),
      ).toEqual([expect.closeTo(sigmoid(3), 6), null]);
    });
  });

  it('answers the share of every class from the compiled trees, proved output by output', async () => {
    const marginsOf = (low: number, high: number): TreeEnsemble => ({
      ...stump(80, low, high),
      link: 'identity',
    });
    const classes = Buffer.from(
      buildEnsembleModel({
        featureNames,
        members: [
          {
            kind: 'classes',
            name: 'xgboost',
            weight: 1,
            classes: [marginsOf(Math.log(5), 0), marginsOf(Math.log(2), 0), marginsOf(0, Math.log(6))],
            classNames: ['idle', 'busy', 'failing'],
            positive: [1, 2],
          },
        ],
      }),
    );
    await component.backends.objects!.put('models/classes', classes);
    await shiftTraffic(0, { version: 7, digest: digestOf(classes), key: 'models/classes' });
    await eventually(async () => {
      const loaded = (await eventsOf(ModelLoaded)).find(({ payload }) => payload.modelVersion === 7);
      expect(loaded?.payload).toMatchObject({ scorer: 'compiled-trees', proof: { rows: 512 } });
    });
    const { body } = await post(
      `/v2/models/${modelName}/versions/7/infer`,
      inferBody([70, 1, 1, 90, 1, 1], [2, 3]),
    );
    const outputs = body['outputs'] as { name: string; data: number[] }[];
    const near = (shares: readonly number[]): readonly number[] =>
      shares.map((share) => expect.closeTo(share, 6) as number);
    expect(Object.fromEntries(outputs.map(({ name, data }) => [name, data]))).toEqual({
      probability: near([3 / 8, 7 / 8]),
      xgboost: near([3 / 8, 7 / 8]),
      'xgboost.idle': near([5 / 8, 1 / 8]),
      'xgboost.busy': near([2 / 8, 1 / 8]),
      'xgboost.failing': near([1 / 8, 6 / 8]),
    });
  });

  it('refuses a version whose file has other columns than the registry says', async () => {
    const renamed = buildTreeModel({
      ...first,
      featureNames: ['cpu_usage_mean_5m', 'hour', 'memory_usage_last'],
    });
    await component.backends.objects!.put('models/renamed', renamed);
    await shiftTraffic(10, { version: 6, digest: digestOf(renamed), key: 'models/renamed' });
    await eventually(async () => {
      const codes = (await eventsOf(ModelLoadFailed)).map(({ payload }) => payload.code);
      expect(codes).toContain('INFERENCE_MODEL_COLUMNS_MISMATCH');
    });
  });

  it('serves what was served before when it starts again', async () => {
    await shiftTraffic(0, { version: 2 });
    await component.restart({ environment: { INFERENCE_MAX_IN_FLIGHT: '2' } });
    await eventually(async () => expect((await get('/health/ready')).status).toBe(200));
    await eventually(async () =>
      expect((await get(`/v2/models/${modelName}/versions/2/ready`)).status).toBe(200),
    );
    const { body } = await post(inferPath, inferBody([75, 1, 1]));
    expect(body['model_version']).toBe('1');
  });
});

describe('inference with more requests than it admits', () => {
  it('refuses the surplus at once with 429 and answers the others and its health', async () => {
    // Two requests wait for their bodies to end.
    const { hostname, port } = new URL(component.url());
    const open = [0, 1].map(() => {
      const request = httpRequest({ hostname, port, path: '/v1/predict', method: 'POST' });
      request.on('error', () => undefined);
      request.write('{');
      return request;
    });
    const refused = await eventually(async () => {
      const response = await fetch(component.url(inferPath), { method: 'POST', body: '{}' });
      expect(response.status).toBe(429);
      return response;
    });
    expect(refused.headers.get('retry-after')).toBe('1');
    expect((await get('/metrics')).text).toMatch(/prediction_queue_depth\{?.*\}? 2/);
    for (const request of open) request.destroy();
    await eventually(async () => expect((await post(inferPath, inferBody([75, 1, 1]))).status).toBe(200));
  });
});

function grpcClient(address: string): (method: string, request: object) => Promise<unknown> {
  const path = fileURLToPath(new URL('../../../proto/inference/grpc_service.proto', import.meta.url));
  const definition = loadPackageDefinition(loadSync(path, { longs: String, defaults: true })) as unknown as {
    inference: { GRPCInferenceService: new (address: string, c: unknown) => Client };
  };
  const client = new definition.inference.GRPCInferenceService(
    address,
    credentials.createInsecure(),
  ) as unknown as Record<
    string,
    (request: object, answer: (error: ServiceError | null, value: unknown) => void) => void
  >;
  return (method, request) =>
    new Promise((resolve, reject) => {
      client[method]!(request, (error, value) => {
        if (error === null) resolve(value);
        else reject(error);
      });
    });
}
