import 'reflect-metadata';
import { canaryController } from '../src/canary-controller.module.js';
import {
  DriftMeasured,
  ModelLoaded,
  ModelLoadFailed,
  ModelVersionCreated,
  OutcomeObserved,
  PredictionMade,
  RolloutPromoted,
  RolloutRolledBack,
  StepJudged,
  TrafficShifted,
  type EventDefinition,
  type PayloadOf,
} from '@headrace/contracts';
import { type ReceivedEvent } from '@headrace/messaging';
import { startComponent, type Component, type HttpAnswer } from '@headrace/service-host/testing';
import { eventually, type FakeClock } from '@headrace/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';

const policy = `
name: quick
steps: [10, 50, 100]
stepSeconds: 60
longestStepSeconds: 300
prepareSeconds: 120
outcomes: { label: incident_within_15m }
criteria:
  - { metric: error_rate, direction: at-most, threshold: 0.05 }
  - { metric: latency_p99, direction: at-most, threshold: 100, neededFromPercent: 50 }
  - { metric: throughput_degradation, direction: at-most, threshold: 0.5, minimumRows: 20 }
  - { metric: brier_increase, direction: at-most, threshold: 0.01, minimumRows: 50, neededFromPercent: 50 }
  - { metric: recall_decrease, direction: at-most, threshold: 0.1, minimumRows: 10, neededFromPercent: 50 }
  - { metric: prediction_drift, direction: at-most, threshold: 0.25, minimumRows: 200, neededFromPercent: never }
`;

let models = 0;

// One database for all tests: each has a model of its own.
let component: Component<FakeClock>;
beforeAll(async () => {
  component = await startComponent(canaryController, {
    configFiles: { 'rollout-policies/quick.yaml': policy },
    environment: { CANARY_TICK_MS: '25' },
  });
});
afterAll(() => component.close());

class Platform {
  readonly clock = component.clock;
  readonly model = `model-${(models += 1)}`;

  async emit<Definition extends EventDefinition>(
    source: string,
    definition: Definition,
    payloads: readonly PayloadOf<Definition>[],
  ): Promise<void> {
    await component.publish(
      definition,
      payloads.map((payload) => ({ payload })),
      source,
    );
  }

  async all<Definition extends EventDefinition>(
    definition: Definition,
  ): Promise<ReceivedEvent<Definition>[]> {
    const events = await component.eventsOf(definition);
    return events.filter(({ payload }) => (payload as { modelName: string }).modelName === this.model);
  }

  get(path: string): Promise<HttpAnswer> {
    return component.get(path);
  }

  post(path: string, body: unknown = {}): Promise<HttpAnswer> {
    return component.post(path, body);
  }

  createVersion(modelVersion: number, validated = true): Promise<void> {
    // Rollouts are listed by the time of their start.
    this.clock.advance(1_000);
    return this.emit('registry', ModelVersionCreated, [
      {
        modelName: this.model,
        modelVersion,
        runId: `run-${modelVersion}`,
        digest: `sha256:${modelVersion}`,
        artifactKey: `models/${modelVersion}.onnx`,
        artifacts: {},
        featureNames: ['cpu'],
        members: [],
        label: 'incident_within_15m',
        metrics: {},
        validated,
        createdAt: this.clock.now().toISOString(),
      },
    ]);
  }

  load(modelVersion: number): Promise<void> {
    return this.emit('inference', ModelLoaded, [
      {
        modelName: this.model,
        modelVersion,
        digest: `sha256:${modelVersion}`,
        loadedAt: this.clock.now().toISOString(),
        loadMs: 5,
        scorer: 'trees',
        proof: { rows: 10, largestDifference: 0 },
      },
    ]);
  }

  /** Rows of both arms, half each, ten systems an arm; what each says is given by `say`. */
  predictions(
    rolloutId: string,
    rows: number,
    say: (row: number) => { canary: number; baseline: number; error?: string },
    from = 0,
  ): PayloadOf<typeof PredictionMade>[] {
    const at = this.clock.now();
    return Array.from({ length: rows }, (_, index) => {
      const row = from + index;
      const arm = row % 2 === 0 ? ('canary' as const) : ('baseline' as const);
      const other = arm === 'canary' ? ('baseline' as const) : ('canary' as const);
      const said = say(row);
      return {
        modelName: this.model,
        modelVersion: arm === 'canary' ? 2 : 1,
        predictionId: `prediction-${row}`,
        digest: 'sha256:x',
        arm,
        rolloutId,
        systemId: `${arm}-${row % 20}`,
        eventTime: new Date(at.getTime() + row).toISOString(),
        predictedAt: at.toISOString(),
        featuresId: null,
        origin: 'stream' as const,
        probability: said[arm],
        shadow: [{ modelVersion: arm === 'canary' ? 1 : 2, arm: other, probability: said[other] }],
        latencyMs: 3,
        ...(said.error === undefined ? {} : { error: said.error }),
      };
    });
  }

  outcomesOf(
    predictions: readonly PayloadOf<typeof PredictionMade>[],
    happened: (row: number) => boolean,
  ): PayloadOf<typeof OutcomeObserved>[] {
    return predictions.map(({ predictionId, systemId, eventTime }) => {
      const row = Number(predictionId.split('-')[1]);
      return {
        outcomeId: `outcome-${row}`,
        label: 'incident_within_15m',
        systemId: systemId ?? '',
        eventTime,
        value: happened(row) ? 1 : 0,
        maturedAt: this.clock.now().toISOString(),
        decidedBy: 'reading',
      };
    });
  }

  async rollout(): Promise<Record<string, unknown>> {
    const { body } = await this.get(`/v1/rollouts?model=${this.model}`);
    const [first] = body['rollouts'] as Record<string, unknown>[];
    if (first === undefined) throw new Error('no rollout yet');
    return first;
  }
}

async function platformWithChampion(): Promise<Platform> {
  const platform = new Platform();
  await platform.createVersion(1);
  await eventually(async () => expect(await platform.all(RolloutPromoted)).toHaveLength(1));
  return platform;
}

async function startAnalysis(platform: Platform): Promise<string> {
  await platform.createVersion(2);
  await eventually(async () => expect((await platform.rollout())['state']).toBe('preparing'));
  await platform.load(2);
  return await eventually(async () => {
    const rollout = await platform.rollout();
    expect(rollout).toMatchObject({ state: 'analysing', percent: 10 });
    return rollout['rolloutId'] as string;
  });
}

/** The percents of the newest division. Its topic is compacted: those before it may be gone at any time. */
async function division(platform: Platform): Promise<readonly number[] | undefined> {
  return (await platform.all(TrafficShifted)).at(-1)?.payload.weights.map(({ percent }) => percent);
}

async function countsReach(platform: Platform, canary: number): Promise<void> {
  await eventually(async () =>
    expect(await platform.rollout()).toMatchObject({ counts: { canary: { predictions: canary } } }),
  );
}

/** Right nine times out of ten, a little off in the value. */
const good = (row: number) => (row % 10 === 0 ? 0.9 : 0.1);
const happened = (row: number) => row % 10 === 0;

it('promotes the first version directly, with the validation gate as evidence', async () => {
  const platform = await platformWithChampion();
  const [promoted] = await platform.all(RolloutPromoted);
  expect(promoted?.payload).toMatchObject({
    modelVersion: 1,
    previousVersion: null,
    evidence: [{ criterion: 'validation-gate', verdict: 'healthy' }],
  });
  const traffic = await platform.all(TrafficShifted);
  expect(traffic.at(-1)?.payload.weights).toMatchObject([{ modelVersion: 1, percent: 100, arm: 'baseline' }]);
  expect(promoted?.causationIds).toHaveLength(1);
});

it('takes a good version through all steps to the promotion, each with its evidence', async () => {
  const platform = await platformWithChampion();
  const rolloutId = await startAnalysis(platform);
  let row = 0;
  for (const percent of [10, 50, 100]) {
    await eventually(async () => {
      expect((await platform.rollout())['percent']).toBe(percent);
      expect(await division(platform)).toEqual([100 - percent, percent]);
    });
    const predictions = platform.predictions(
      rolloutId,
      800,
      (at) => ({ canary: good(at), baseline: good(at) }),
      row,
    );
    row += 800;
    await platform.emit('inference', PredictionMade, predictions);
    await countsReach(platform, 400);
    await platform.emit('feature-store', OutcomeObserved, platform.outcomesOf(predictions, happened));
    await eventually(async () =>
      expect(await platform.rollout()).toMatchObject({ counts: { withOutcome: row } }),
    );
    platform.clock.advance(61_000);
  }
  const promoted = await eventually(async () => {
    const all = await platform.all(RolloutPromoted);
    expect(all).toHaveLength(2);
    return all[1]?.payload;
  });
  expect(promoted).toMatchObject({
    modelVersion: 2,
    previousVersion: 1,
    policyVersion: expect.stringMatching(/^quick@/) as unknown,
  });
  // Drift of the canary was never measured, and no step of the policy requires it: it is reported, not passed.
  const verdicts = Object.fromEntries(promoted?.evidence.map((each) => [each.criterion, each.verdict]) ?? []);
  const { prediction_drift: drift, ...needed } = verdicts;
  expect(drift).toBe('no-data');
  expect(new Set(Object.values(needed))).toEqual(new Set(['healthy']));
  expect(await division(platform)).toEqual([100]);
  const judged = await platform.all(StepJudged);
  expect(judged.map(({ payload }) => payload.action)).toEqual(['advance', 'advance', 'promote']);
});

it('rolls back a version that answers as fast and sees fewer incidents, before it gets 25 %', async () => {
  const platform = await platformWithChampion();
  const rolloutId = await startAnalysis(platform);
  const predictions = platform.predictions(rolloutId, 1_000, (row) => ({ canary: 0.1, baseline: good(row) }));
  await platform.emit('inference', PredictionMade, predictions);
  await countsReach(platform, 500);
  await platform.emit('feature-store', OutcomeObserved, platform.outcomesOf(predictions, happened));
  const rolledBack = await eventually(async () => {
    const [first] = await platform.all(RolloutRolledBack);
    expect(first).toBeDefined();
    return first?.payload;
  });
  expect(rolledBack).toMatchObject({ modelVersion: 2, restoredVersion: 1 });
  const recall = rolledBack?.evidence.find(({ criterion }) => criterion === 'recall_decrease');
  expect(recall).toMatchObject({ verdict: 'degraded', value: 1, threshold: 0.1 });
  // Proof is acted upon at once: how many of the hundred incidents are counted by then is chance.
  expect(recall?.sampleSize).toBeGreaterThanOrEqual(10);
  const judged = await platform.all(StepJudged);
  expect(judged.map(({ payload }) => [payload.percent, payload.action])).toEqual([[10, 'roll-back']]);
  const traffic = await platform.all(TrafficShifted);
  expect(traffic.at(-1)?.payload.weights).toMatchObject([{ modelVersion: 1, percent: 100 }]);
});

it('rolls back when the predictions of the canary drift, and never for the drift of the champion', async () => {
  const platform = await platformWithChampion();
  await startAnalysis(platform);
  const drift = (modelVersion: number, psi: number, pValue: number): PayloadOf<typeof DriftMeasured> => ({
    driftId: `drift-${modelVersion}-${psi}`,
    modelName: platform.model,
    modelVersion,
    windowStart: platform.clock.now().toISOString(),
    windowEnd: platform.clock.now().toISOString(),
    rows: 500,
    referenceRows: 5_000,
    verdict: 'degraded',
    scores: [
      { feature: 'cpu', method: 'psi', value: 3, pValue: 0, threshold: 0.1, drifted: true },
      { feature: 'prediction', method: 'psi', value: psi, pValue, threshold: 0.1, drifted: true },
    ],
    policyVersion: 'drift@1',
  });
  await platform.emit('drift', DriftMeasured, [drift(1, 0.9, 1e-9), drift(2, 0.1, 1e-9)]);
  const rolloutId = (await platform.rollout())['rolloutId'] as string;
  await platform.emit(
    'inference',
    PredictionMade,
    platform.predictions(rolloutId, 400, (row) => ({ canary: good(row), baseline: good(row) })),
  );
  await countsReach(platform, 200);
  expect(await platform.rollout()).toMatchObject({ state: 'analysing' });
  await platform.emit('drift', DriftMeasured, [drift(2, 0.4, 1e-6)]);
  const rolledBack = await eventually(async () => {
    const [first] = await platform.all(RolloutRolledBack);
    expect(first).toBeDefined();
    return first?.payload;
  });
  expect(rolledBack?.evidence.find(({ criterion }) => criterion === 'prediction_drift')).toMatchObject({
    verdict: 'degraded',
    value: 0.4,
    threshold: 0.25,
    direction: 'at-most',
    sampleSize: 500,
  });
});

it('never promotes without data, and ends at the deadline (flagger#1035, flagger#1588)', async () => {
  const platform = await platformWithChampion();
  await startAnalysis(platform);
  platform.clock.advance(61_000);
  await eventually(async () =>
    expect((await platform.all(StepJudged)).at(-1)?.payload).toMatchObject({
      action: 'hold',
      verdict: 'no-data',
    }),
  );
  platform.clock.advance(240_000);
  const rolledBack = await eventually(async () => {
    const [first] = await platform.all(RolloutRolledBack);
    expect(first).toBeDefined();
    return first?.payload;
  });
  expect(rolledBack?.reason).toMatch(/still no-data at the deadline/);
  expect(rolledBack?.evidence.find(({ criterion }) => criterion === 'error_rate')).toMatchObject({
    verdict: 'no-data',
    value: null,
  });
  expect(await platform.all(RolloutPromoted)).toHaveLength(1);
});

it('gives no traffic to a version that is not loaded, and ends when it never is (kserve#5983)', async () => {
  const platform = await platformWithChampion();
  await platform.createVersion(2);
  await eventually(async () => expect((await platform.rollout())['state']).toBe('preparing'));
  // The event leaves through the outbox a moment after the state.
  await eventually(async () =>
    expect((await platform.all(TrafficShifted)).at(-1)?.payload.weights).toMatchObject([
      { modelVersion: 1, percent: 100 },
      { modelVersion: 2, percent: 0 },
    ]),
  );
  platform.clock.advance(121_000);
  await eventually(async () => expect((await platform.rollout())['state']).toBe('rolled-back'));
});

it('ends when inference refuses the version', async () => {
  const platform = await platformWithChampion();
  await platform.createVersion(2);
  await eventually(async () => expect((await platform.rollout())['state']).toBe('preparing'));
  await platform.emit('inference', ModelLoadFailed, [
    {
      modelName: platform.model,
      modelVersion: 2,
      digest: 'sha256:2',
      code: 'INFERENCE_MODEL_DAMAGED',
      message: 'the digest differs',
      failedAt: platform.clock.now().toISOString(),
    },
  ]);
  await eventually(async () =>
    expect(await platform.rollout()).toMatchObject({
      state: 'rolled-back',
      evidence: [{ criterion: 'loads', verdict: 'degraded' }],
    }),
  );
});

it('goes on after a restart in the middle of a step, and counts a prediction once', async () => {
  const platform = await platformWithChampion();
  const rolloutId = await startAnalysis(platform);
  const predictions = platform.predictions(rolloutId, 400, (row) => ({
    canary: good(row),
    baseline: good(row),
  }));
  await platform.emit('inference', PredictionMade, predictions);
  await countsReach(platform, 200);
  await component.restart();
  expect(await platform.rollout()).toMatchObject({ rolloutId, state: 'analysing', percent: 10 });
  await platform.emit(
    'inference',
    PredictionMade,
    platform.predictions(rolloutId, 20, (row) => ({ canary: good(row), baseline: good(row) }), 400),
  );
  await countsReach(platform, 210);
});

it('starts anew for a newer version during the analysis (flagger#30)', async () => {
  const platform = await platformWithChampion();
  const first = await startAnalysis(platform);
  await platform.createVersion(3);
  await eventually(async () =>
    expect(await platform.rollout()).toMatchObject({ modelVersion: 3, state: 'preparing' }),
  );
  expect((await platform.get(`/v1/rollouts/${first}`)).body).toMatchObject({ state: 'superseded' });
  expect(await platform.all(RolloutRolledBack)).toHaveLength(0);
});

it('promotes in full while paused (argo-rollouts#2648), and answers 409 afterwards', async () => {
  const platform = await platformWithChampion();
  const rolloutId = await startAnalysis(platform);
  expect((await platform.post(`/v1/rollouts/${rolloutId}/pause`)).body).toMatchObject({ state: 'paused' });
  const promoted = await platform.post(`/v1/rollouts/${rolloutId}/promote`, {
    actor: 'ada',
    reason: 'I looked',
  });
  expect(promoted.body).toMatchObject({ state: 'promoted', reason: 'I looked' });
  const again = await platform.post(`/v1/rollouts/${rolloutId}/abort`);
  expect(again).toMatchObject({ status: 409, body: { code: 'CANARY_ROLLOUT_OVER' } });
  expect(await platform.get('/v1/rollouts/none')).toMatchObject({ status: 404 });
});

it('rolls back to the version before in one step without analysis (argo-rollouts#574)', async () => {
  const platform = await platformWithChampion();
  await platform.load(1);
  const rolloutId = await startAnalysis(platform);
  await platform.post(`/v1/rollouts/${rolloutId}/promote`);
  const back = await platform.post(`/v1/models/${platform.model}/rollback`, { reason: 'pages at night' });
  expect(back).toMatchObject({ status: 200, body: { kind: 'rollback', modelVersion: 1, state: 'promoted' } });
  await eventually(async () => {
    expect((await platform.all(TrafficShifted)).at(-1)?.payload.weights).toMatchObject([
      { modelVersion: 1, percent: 100 },
    ]);
    expect((await platform.all(RolloutRolledBack)).at(-1)?.payload).toMatchObject({
      modelVersion: 2,
      restoredVersion: 1,
    });
  });
  expect(await platform.post(`/v1/models/${platform.model}/rollback`)).toMatchObject({
    status: 409,
    body: { code: 'CANARY_NOTHING_TO_ROLL_BACK' },
  });
});

it('refuses to roll back to a version that never served, and moves nothing (argo-rollouts#2168)', async () => {
  const platform = await platformWithChampion();
  await platform.load(1);
  const rolloutId = await startAnalysis(platform);
  const refused = await platform.post(`/v1/models/${platform.model}/rollback`, { toVersion: 2 });
  expect(refused).toMatchObject({ status: 409, body: { code: 'CANARY_ROLLBACK_TARGET_REFUSED' } });
  expect(await platform.rollout()).toMatchObject({ rolloutId, state: 'analysing', percent: 10 });
  const weights = (await platform.all(TrafficShifted)).flatMap(({ payload }) => payload.weights);
  expect(weights.filter(({ modelVersion, percent }) => modelVersion === 2 && percent > 10)).toEqual([]);
});

it('starts one rollout however often a client asks for it, and none of the stable version (flagger#784, #1163)', async () => {
  const platform = await platformWithChampion();
  const rolloutId = await startAnalysis(platform);
  const request = { modelName: platform.model, modelVersion: 2 };
  const answers = await Promise.all(Array.from({ length: 4 }, () => platform.post('/v1/rollouts', request)));
  expect(answers.map(({ body }) => body)).toMatchObject(Array.from({ length: 4 }, () => ({ rolloutId })));
  expect(await platform.post('/v1/rollouts', { ...request, modelVersion: 1 })).toMatchObject({
    status: 409,
    body: { code: 'CANARY_VERSION_SERVES' },
  });
  expect(await platform.rollout()).toMatchObject({ rolloutId, state: 'analysing', percent: 10 });
});
