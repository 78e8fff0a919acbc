import 'reflect-metadata';
import {
  ModelTrained,
  RetrainingRequested,
  TrainingFailed,
  TrainingRequested,
  TrialCompleted,
} from '@headrace/contracts';
import { digestOf, SystemClock } from '@headrace/kernel';
import { type ReceivedEvent } from '@headrace/messaging';
import { startComponent } from '@headrace/service-host/testing';
import { checkModel, foldConstants, pruneTrees, removeDeadCode, rewriteModel } from '@headrace/onnx';
import { eventually } from '@headrace/testing';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type PresentedTraining } from '../src/adapters/http/present-training.js';
import { trainer } from '../src/trainer.module.js';
import { FakeFeatureStore, featureNames, generateRows } from './fake-feature-store.js';

const plan = `
modelName: performance-predictor
view: system_metrics
label: incident_within_15m
parameters: { objective: 'binary:logistic', eval_metric: [METRICS], max_depth: 3, learning_rate: RATE, seed: 42 }
rounds: ROUNDS
earlyStoppingRounds: EARLY
firstModel: FIRST
validation:
  minRows: 100
  minPositives: 5
  criteria:
    - { metric: roc_auc, direction: at-least, threshold: 0.7 }
    - { metric: onnx_largest_difference, direction: at-most, threshold: 0.00001 }
variants:
  files:
    - { name: small, rewrite: shrink-trees, maxMarginChange: 0.1 }
    - { name: crushed, rewrite: shrink-trees, maxMarginChange: 1000 }
  criteria:
    - { metric: roc_auc, direction: at-least, tolerance: 0.02 }
    - { metric: log_loss, direction: at-most, tolerance: 0.02 }
`;

/** One trial in two learns a hundredth as fast as it should, and the plan's own learns too fast. */
const search = `
search:
  trials: TRIALS
  startupTrials: 3
  seed: 7
  pruner: { kind: median, startupTrials: 1, warmupSteps: 100 }
  space:
    max_depth: { kind: int, low: 1, high: 3 }
    learning_rate: { kind: categorical, choices: [0.05, 0.0005] }
`;

async function start(
  options: {
    rounds?: number;
    early?: number;
    first?: string;
    minutes?: number;
    trials?: number;
    metrics?: string;
  } = {},
) {
  const featureStore = new FakeFeatureStore();
  featureStore.rows = generateRows(options.minutes ?? 900);
  onTestFinished(() => featureStore.close());
  const component = await startComponent(trainer, {
    clock: new SystemClock(),
    configFiles: {
      'training-plans/plan.yaml': plan
        .replace('METRICS', options.metrics ?? 'logloss')
        .replace('ROUNDS', String(options.rounds ?? 40))
        .replace('EARLY', String(options.early ?? 10))
        .replace('FIRST', options.first ?? '{ rows: 1000000, positives: 1 }')
        .replace('RATE', options.trials === undefined ? '0.2' : '1')
        .concat(options.trials === undefined ? '' : search.replace('TRIALS', String(options.trials))),
    },
    environment: {
      TRAINER_POLL_SECONDS: '0.05',
      TRAINER_FIRST_MODEL_CHECK_SECONDS: '0.05',
      // One: the threads of OpenMP wait by spinning, which on a busy machine is a long time.
      TRAINER_THREADS: '1',
      ...(process.env['XGBOOST_LIBRARY'] && { XGBOOST_LIBRARY: process.env['XGBOOST_LIBRARY'] }),
    },
    prepare: async ({ objects }) => ({ FEATURE_STORE_URL: await featureStore.listen(objects!) }),
  });
  const { clock, get, post, publish, eventsOf, restart } = component;
  return {
    featureStore,
    objects: component.backends.objects!,
    clock,
    get,
    post,
    publish,
    eventsOf,
    /** Keeps the object store that the fake feature store writes to. */
    restart: (whileStopped?: () => Promise<void>) =>
      restart({ keepBackends: true, ...(whileStopped && { whileStopped }) }),
    training: async (id: string) => (await get(`/v1/trainings/${id}`)).body as unknown as PresentedTraining,
  };
}

type Harness = Awaited<ReturnType<typeof start>>;

/** Waits for the end of the training and answers it. */
function finish(harness: Harness, id: string): Promise<PresentedTraining> {
  return eventually(async () => {
    const training = await harness.training(id);
    expect(['succeeded', 'failed', 'cancelled']).toContain(training.state);
    return training;
  });
}

describe('a training', () => {
  it('goes from a request to a stored, judged model that onnxruntime answers alike', async () => {
    const harness = await start();
    const accepted = await harness.post('/v1/trainings', { reason: 'a test' });
    expect(accepted.status).toBe(202);
    const training = await finish(harness, accepted.body['trainingId'] as string);
    expect(training).toMatchObject({ state: 'succeeded', validated: true, failure: null });
    expect(training.steps?.map((step) => [step.name, step.state])).toEqual(
      [
        'training-set',
        'split',
        'train',
        'calibration',
        'onnx',
        'validation',
        'variants',
        'reference',
        'store',
      ].map((name) => [name, 'done']),
    );
    expect(harness.featureStore.requests).toEqual([{ view: 'system_metrics', label: 'incident_within_15m' }]);

    const [trained] = await eventually(async () => {
      const events = await harness.eventsOf(ModelTrained);
      expect(events).toHaveLength(1);
      return events;
    });
    const { payload } = trained!;
    expect(payload).toMatchObject({
      modelName: 'performance-predictor',
      validated: true,
      featureNames,
      members: [{ name: 'xgboost', kind: 'trees' }],
      label: 'incident_within_15m',
      reason: 'a test',
      parameters: { objective: 'binary:logistic', seed: 42, calibration: 'platt' },
    });
    expect(payload.library).toMatch(/^xgboost \d+\.\d+\.\d+ \(\w+\)(, OpenMP by \S+)?, 1 thread$/);
    expect(payload.metrics['roc_auc']).toBeGreaterThan(0.9);
    for (const metric of ['accuracy', 'pr_auc', 'log_loss', 'brier_score', 'mse', 'r2', 'business_cost']) {
      expect(payload.metrics[metric], metric).toEqual(expect.any(Number));
    }
    expect(payload.evidence.map((piece) => [piece.criterion, piece.verdict])).toEqual([
      ['roc_auc', 'healthy'],
      ['onnx_largest_difference', 'healthy'],
    ]);
    const [requested] = await harness.eventsOf(TrainingRequested);
    expect(trained!.causationIds).toEqual([requested!.id]);

    const model = await harness.objects.get(payload.artifactKey);
    expect(digestOf(model)).toBe(payload.digest);
    expect(checkModel(model).metadata['trainingSetDigest']).toBe(payload.trainingSet.digest);
    // What can be left out without changing a bit has been left out already.
    expect(
      rewriteModel(model, [foldConstants(), removeDeadCode(), pruneTrees()]).steps.map(
        ({ changes }) => changes,
      ),
    ).toEqual([{}, {}, {}]);
    const session = await InferenceSession.create(model);
    const features = Float32Array.from([90, 40, 500, 3, 30, 40, 500, 3, Number.NaN, 40, 500, 3]);
    const answers = await session.run({ features: new Tensor('float32', features, [3, 4]) });
    const [high, low] = answers['probability']!.data as Float32Array;
    expect(high).toBeGreaterThan(0.8);
    expect(low).toBeLessThan(0.1);

    const profile = JSON.parse(
      Buffer.from(await harness.objects.get(payload.artifacts['reference']!.key)).toString(),
    ) as { modelRunId: string; rows: number; features: Record<string, { total: number; missing: number }> };
    expect(profile.modelRunId).toBe(payload.runId);
    expect(Object.keys(profile.features)).toEqual(featureNames);
    expect(profile.features['cpu_usage_mean_5m']).toMatchObject({ total: profile.rows });
    expect(profile.features['cpu_usage_mean_5m']!.missing).toBeGreaterThan(0);
  });

  it('has smaller variants of its file that say what they lose, and keeps those that lose little', async () => {
    const harness = await start();
    const { body } = await harness.post('/v1/trainings');
    const training = await finish(harness, body['trainingId'] as string);
    const [small, crushed] = training.steps?.find(({ name }) => name === 'variants')?.result as [
      MadeVariant,
      MadeVariant,
    ];
    expect(small).toMatchObject({ name: 'small', outcome: 'kept' });
    expect(small.bytes).toBeLessThan(small.bytesBefore);
    expect(small.changes['removedNodes']).toBeGreaterThan(0);
    // A probability moves by at most a quarter of what its margin moves by.
    expect(small.changes['marginBound']).toBeLessThanOrEqual(0.1);
    expect(small.largestOutputChange).toBeGreaterThan(0);
    expect(small.largestOutputChange).toBeLessThanOrEqual(0.025);
    expect(crushed).toMatchObject({ name: 'crushed', outcome: 'too-lossy', stored: null });

    const [trained] = await eventually(async () => {
      const events = await harness.eventsOf(ModelTrained);
      expect(events).toHaveLength(1);
      return events;
    });
    const { artifacts, metrics, digest } = trained!.payload;
    expect(Object.keys(artifacts).sort()).toEqual(['model', 'reference', 'run', 'variant-small', 'xgboost']);
    expect(artifacts['model']!.digest).toBe(digest);
    expect(artifacts['variant-small']).toEqual(small.stored);
    expect(metrics).toMatchObject({
      variant_small_bytes: small.bytes,
      variant_small_largest_change: small.largestOutputChange,
      variant_small_roc_auc: small.metrics['roc_auc'],
    });
    expect(small.metrics['roc_auc']).toBeGreaterThan((metrics['roc_auc'] ?? 1) - 0.02);

    const exact = await InferenceSession.create(await harness.objects.get(artifacts['model']!.key));
    const file = await harness.objects.get(small.stored!.key);
    expect(file.length).toBe(small.bytes);
    const variant = await InferenceSession.create(file);
    const features = Float32Array.from([90, 40, 500, 3, 30, 40, 500, 3, Number.NaN, 40, 500, 3]);
    const feeds = { features: new Tensor('float32', features, [3, 4]) };
    const expected = (await exact.run(feeds))['probability']!.data as Float32Array;
    const answers = (await variant.run(feeds))['probability']!.data as Float32Array;
    answers.forEach((answer, row) => expect(Math.abs(answer - expected[row]!)).toBeLessThanOrEqual(0.025));
  });

  it('has no score, and not 0, for rounds that its metric is not defined for', async () => {
    const harness = await start({ metrics: 'auc', rounds: 3 });
    const rows = generateRows(900);
    // Validation is [65 %, 80 %) of the set: nothing happens there.
    const later = Math.floor(rows.length * 0.65);
    harness.featureStore.rows = rows.map((row, index) =>
      index < later || index >= rows.length * 0.8 ? row : { ...row, label: 0 },
    );
    const { body } = await harness.post('/v1/trainings');
    const training = await finish(harness, body['trainingId'] as string);
    expect(training).toMatchObject({ state: 'succeeded', failure: null });
    const resultOf = (step: string) => training.steps?.find(({ name }) => name === step)?.result;
    expect(resultOf('train')).toMatchObject({
      rounds: 3,
      bestScore: null,
      history: { 'validation-auc': [null, null, null] },
    });
    expect(resultOf('calibration')).toMatchObject({ method: 'none' });
  });

  it('never lets the model see its hold-out: train, validation and hold-out are apart by purge and embargo', async () => {
    const harness = await start();
    const { body } = await harness.post('/v1/trainings');
    const training = await finish(harness, body['trainingId'] as string);
    const split = training.steps?.find((step) => step.name === 'split')?.result as Record<
      'train' | 'validation' | 'holdout',
      { begin: number; end: number }
    >;
    // Three rows a minute; the gap is 15 minutes of purge and 15 of embargo, the border's minute on the later side.
    expect(split.validation.begin - split.train.end).toBe(3 * 29);
    expect(split.holdout.begin - split.validation.end).toBe(3 * 29);
    expect(split.holdout.end).toBe(2700);
  });

  it('gives the same model for the same data', async () => {
    const harness = await start();
    const digests: string[] = [];
    for (const run of [1, 2]) {
      const { body } = await harness.post('/v1/trainings');
      await finish(harness, body['trainingId'] as string);
      await eventually(async () => expect(await harness.eventsOf(ModelTrained)).toHaveLength(run));
      const { payload } = (await harness.eventsOf(ModelTrained))[run - 1]!;
      digests.push(payload.artifacts['xgboost']!.digest);
    }
    expect(digests[0]).toBe(digests[1]);
  });

  it.each([
    ['train', undefined],
    ['search', 4],
  ])('is cancelled between two rounds of step %s and says so', async (step, trials) => {
    const harness = await start({ rounds: 20_000, early: 20_000, ...(trials !== undefined && { trials }) });
    const { body } = await harness.post('/v1/trainings');
    const id = body['trainingId'] as string;
    await eventually(async () =>
      expect((await harness.training(id)).progress?.round).toBeGreaterThanOrEqual(0),
    );
    expect((await harness.post(`/v1/trainings/${id}/cancel`)).status).toBe(202);
    await expect(finish(harness, id)).resolves.toMatchObject({
      state: 'cancelled',
      failure: { step, code: 'TRAINER_TRAINING_CANCELLED' },
    });
    await eventually(async () =>
      expect((await harness.eventsOf(TrainingFailed)).map(({ payload }) => payload)).toMatchObject([
        { code: 'TRAINER_TRAINING_CANCELLED', outcome: 'cancelled', runId: id.replaceAll('-', '') },
      ]),
    );
    expect(await harness.post(`/v1/trainings/${id}/cancel`)).toMatchObject({
      status: 409,
      body: { code: 'TRAINER_TRAINING_FINISHED' },
    });
  });

  it('goes on after a restart without repeating the steps that are done', async () => {
    const harness = await start({ rounds: 3_000, early: 3_000 });
    const { body } = await harness.post('/v1/trainings');
    const id = body['trainingId'] as string;
    await eventually(async () =>
      expect((await harness.training(id)).progress?.round).toBeGreaterThanOrEqual(0),
    );
    await harness.restart();
    await expect(finish(harness, id)).resolves.toMatchObject({ state: 'succeeded' });
    expect(harness.featureStore.builds).toBe(1);
    await eventually(async () => expect(await harness.eventsOf(ModelTrained)).toHaveLength(1));
  });

  it('waits for a feature store that is down, and then goes on', async () => {
    const harness = await start();
    harness.featureStore.failing = 503;
    const { body } = await harness.post('/v1/trainings');
    const id = body['trainingId'] as string;
    await eventually(async () => expect((await harness.training(id)).attempts).toBeGreaterThan(0));
    expect((await harness.training(id)).state).toBe('running');
    harness.featureStore.failing = undefined;
    await expect(finish(harness, id)).resolves.toMatchObject({ state: 'succeeded' });
  });

  it.each([
    [
      'one class only',
      { rows: generateRows(900, { positive: () => false }) },
      'train',
      'TRAINER_TRAINING_DATA_UNFIT',
    ],
    ['no rows', { rows: [] }, 'split', 'TRAINER_SPLIT_IMPOSSIBLE'],
    ['less time than the purge', { rows: generateRows(40) }, 'split', 'TRAINER_SPLIT_IMPOSSIBLE'],
    ['a request that the feature store refuses', { failing: 400 }, 'training-set', 'PEER_REFUSED'],
  ])('of %s fails with its reason', async (_, changes, step, code) => {
    const harness = await start();
    Object.assign(harness.featureStore, changes);
    const { body } = await harness.post('/v1/trainings');
    const training = await finish(harness, body['trainingId'] as string);
    expect(training).toMatchObject({ state: 'failed', failure: { step, code } });
    await eventually(async () =>
      expect((await harness.eventsOf(TrainingFailed)).map(({ payload }) => payload)).toMatchObject([
        { outcome: 'failed', runId: training.trainingId.replaceAll('-', '') },
      ]),
    );
  });

  it('that misses its gate is stored with its evidence and is not valid', async () => {
    const harness = await start();
    let row = 0;
    harness.featureStore.rows = generateRows(900, { positive: () => (row += 1) % 7 === 0 });
    const { body } = await harness.post('/v1/trainings');
    await expect(finish(harness, body['trainingId'] as string)).resolves.toMatchObject({
      state: 'succeeded',
      validated: false,
    });
    const [trained] = await eventually(async () => {
      const events = await harness.eventsOf(ModelTrained);
      expect(events).toHaveLength(1);
      return events;
    });
    expect(trained!.payload.validated).toBe(false);
    expect(trained!.payload.evidence[0]).toMatchObject({
      criterion: 'roc_auc',
      verdict: 'degraded',
      threshold: 0.7,
    });
  });
});

describe('a search', () => {
  it('goes on after a kill as if there had been none, and its best trial is the model', async () => {
    const harness = await start({ rounds: 300, early: 300, trials: 8 });
    const { body: accepted } = await harness.post('/v1/trainings');
    const first = accepted['trainingId'] as string;
    const atOnce = searchResult(await finish(harness, first));

    const { body: acceptedAgain } = await harness.post('/v1/trainings');
    const second = acceptedAgain['trainingId'] as string;
    await eventually(async () => expect(await trialsOf(harness, second)).not.toHaveLength(0));
    await harness.restart(async () => {
      expect((await trialsOf(harness, second)).length).toBeLessThan(8);
    });
    const training = await finish(harness, second);
    const resumed = searchResult(training);

    // The study has all that was suggested and reported: the same bytes, or it did not go on from where it was.
    expect(resumed.study.digest).toBe(atOnce.study.digest);
    expect(resumed.best).toMatchObject({
      trial: atOnce.best.trial,
      trees: { digest: atOnce.best.trees.digest },
    });
    for (const id of [first, second]) {
      await eventually(async () =>
        expect((await trialsOf(harness, id)).map(({ payload }) => payload.trial)).toEqual([
          0, 1, 2, 3, 4, 5, 6, 7,
        ]),
      );
    }

    const trials = (await trialsOf(harness, second)).map(({ payload }) => payload);
    expect(trials[0]).toMatchObject({ state: 'complete', parameters: { max_depth: 3, learning_rate: 1 } });
    const pruned = trials.filter(({ state }) => state === 'pruned');
    expect(pruned.length).toBe(resumed.trials.pruned);
    expect(
      pruned.map(({ parameters, objective }) => [parameters['learning_rate'], objective]),
    ).toContainEqual([0.0005, null]);
    const complete = trials.flatMap(({ objective }) => (objective === null ? [] : [objective]));
    expect(resumed.best.value).toBe(Math.min(...complete));
    expect(resumed.best.value).toBeLessThan(resumed.ownValue);
    expect(resumed.importances['learning_rate']).toBeGreaterThan(0);

    const { payload } = await eventually(async () => {
      const events = await harness.eventsOf(ModelTrained);
      expect(events).toHaveLength(2);
      return events[1]!;
    });
    const best = trials[resumed.best.trial]!;
    expect(payload.parameters).toMatchObject({
      ...best.parameters,
      search_trials: 8,
      search_best_trial: best.trial,
    });
    // Nothing was trained twice, and only the best trial is kept.
    expect(payload.artifacts['xgboost']).toEqual({
      key: resumed.best.trees.key,
      digest: resumed.best.trees.digest,
    });
    const kept = [];
    for await (const { key } of harness.objects.list(`models/performance-predictor/${payload.runId}/`)) {
      kept.push(key.split('/').slice(3).join('/'));
    }
    expect(kept).toEqual([
      'model.onnx',
      'reference.json',
      'run.json',
      'study.json',
      `trials/${best.trial}.json`,
      'variants/small.onnx',
    ]);
    expect(training.steps?.map(({ name }) => name).slice(0, 4)).toEqual([
      'training-set',
      'split',
      'search',
      'train',
    ]);
  });

  it("ends with the training when the plan's own parameters cannot be trained", async () => {
    const harness = await start({ trials: 4 });
    harness.featureStore.rows = generateRows(900, { positive: () => false });
    const { body } = await harness.post('/v1/trainings');
    await expect(finish(harness, body['trainingId'] as string)).resolves.toMatchObject({
      state: 'failed',
      failure: { step: 'search', code: 'TRAINER_TRAINING_DATA_UNFIT' },
    });
  });
});

interface MadeVariant {
  readonly name: string;
  readonly outcome: string;
  readonly bytes: number;
  readonly bytesBefore: number;
  readonly largestOutputChange: number;
  readonly changes: Readonly<Record<string, number>>;
  readonly metrics: Readonly<Record<string, number | null>>;
  readonly stored: { readonly key: string; readonly digest: string } | null;
}

interface SearchResult {
  readonly study: { readonly digest: string };
  readonly trials: Readonly<Record<string, number>>;
  readonly ownValue: number;
  readonly best: {
    readonly trial: number;
    readonly value: number;
    readonly trees: { readonly key: string; readonly digest: string };
  };
  readonly importances: Readonly<Record<string, number>>;
}

function searchResult(training: PresentedTraining): SearchResult {
  expect(training).toMatchObject({ state: 'succeeded', failure: null });
  return training.steps?.find(({ name }) => name === 'search')?.result as SearchResult;
}

async function trialsOf(harness: Harness, id: string): Promise<ReceivedEvent<typeof TrialCompleted>[]> {
  return (await harness.eventsOf(TrialCompleted)).filter(({ payload }) => payload.trainingId === id);
}

describe('the requester of a training', () => {
  it('is the trainer itself for the first model, once there is enough to learn from, and once only', async () => {
    const harness = await start({ first: '{ rows: 2000, positives: 50 }', minutes: 100 });
    await eventually(async () => expect((await harness.get('/v1/trainings')).status).toBe(200));
    expect((await harness.get('/v1/trainings')).body['trainings']).toEqual([]);
    harness.featureStore.rows = generateRows(900);
    await eventually(async () => expect(await harness.eventsOf(ModelTrained)).toHaveLength(1));
    const before = harness.featureStore.builds;
    await harness.restart();
    const { body } = await harness.get('/v1/trainings?limit=10');
    expect(body['trainings']).toHaveLength(1);
    expect(harness.featureStore.builds).toBe(before);
  });

  it('is drift, and the same request delivered twice makes one training', async () => {
    const harness = await start();
    const time = harness.clock.now();
    const request = {
      id: 'retraining-1',
      time,
      payload: {
        requestId: 'retraining-1',
        modelName: 'performance-predictor',
        reason: 'cpu_usage_mean_5m moved',
        evidence: [],
        policyVersion: 'a',
        requestedAt: time.toISOString(),
      },
    };
    await harness.publish(RetrainingRequested, [request], 'drift');
    await eventually(async () => expect(await harness.eventsOf(ModelTrained)).toHaveLength(1));
    await harness.publish(RetrainingRequested, [request], 'drift');
    await harness.publish(
      RetrainingRequested,
      [
        {
          ...request,
          id: 'retraining-2',
          payload: { ...request.payload, requestId: 'retraining-2', reason: 'again' },
        },
      ],
      'drift',
    );
    await eventually(async () => expect(await harness.eventsOf(ModelTrained)).toHaveLength(2));
    const requests = await harness.eventsOf(TrainingRequested);
    expect(requests.map(({ payload, causationIds }) => [payload.reason, causationIds])).toEqual([
      ['cpu_usage_mean_5m moved', ['retraining-1']],
      ['again', ['retraining-2']],
    ]);
  });

  it('is refused while another training of the model is on its way, by its id', async () => {
    const harness = await start({ rounds: 20_000, early: 20_000 });
    const { body } = await harness.post('/v1/trainings');
    const second = await harness.post('/v1/trainings');
    expect(second).toMatchObject({ status: 409, body: { code: 'TRAINER_TRAINING_IN_PROGRESS' } });
    expect(second.body['detail']).toContain(body['trainingId']);
    await harness.post(`/v1/trainings/${body['trainingId'] as string}/cancel`);
    await finish(harness, body['trainingId'] as string);
  });

  it('learns what is wrong with an invalid request', async () => {
    const harness = await start();
    const answers = [
      [404, await harness.post('/v1/trainings', { modelName: 'unknown' })],
      [404, await harness.post('/v1/trainings', { modelName: '../../etc/passwd' })],
      [400, await harness.post('/v1/trainings', { modelname: 'performance-predictor' })],
      [400, await harness.post('/v1/trainings', { reason: 7 })],
      [400, await harness.post('/v1/trainings', 'not json')],
      [400, await harness.post('/v1/trainings', [])],
      [400, await harness.get('/v1/trainings?limit=0')],
      [404, await harness.get('/v1/trainings/unknown')],
      [404, await harness.get('/v1/trainings/%00')],
      [404, await harness.get('/v1/trainings/..%2F..%2Fetc%2Fpasswd')],
      [400, await harness.get('/v1/trainings?modelName=%00')],
      [400, await harness.post('/v1/trainings', { reason: '\0' })],
      [400, await harness.post('/v1/trainings', { reason: 'x'.repeat(10_000) })],
      [404, await harness.post('/v1/trainings/unknown/cancel')],
    ] as const;
    expect(answers.map(([, { status }]) => status)).toEqual(answers.map(([status]) => status));
    expect((await harness.get('/v1/trainings')).body['trainings']).toEqual([]);
  });
});
