import 'reflect-metadata';
import {
  AliasChanged,
  DriftDetected,
  DriftMeasured,
  FeaturesComputed,
  ModelTrained,
  OutcomeObserved,
  PerformanceMeasured,
  PredictionMade,
  RetrainingRequested,
  RolloutRolledBack,
  RolloutStarted,
  TrainingRequested,
  WindowValidated,
} from '@headrace/contracts';
import { type EventDefinition, type PayloadOf } from '@headrace/contracts';
import { digestOf, SeededRandom } from '@headrace/kernel';
import { startComponent, type Component } from '@headrace/service-host/testing';
import { freezeHistogram } from '@headrace/statistics';
import { eventually, type FakeClock } from '@headrace/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drift } from '../src/drift.module.js';

/** Each test watches a model of its own, so that one running service serves them all. */
let models = 0;
const random = new SeededRandom(2026);
const names = ['cpu', 'memory', 'disk', 'network', 'constant', 'hour'] as const;

type Draw = Record<(typeof names)[number], number | null>;
const draw = (shift = 0): Draw => ({
  cpu: random.normal() + shift,
  memory: random.normal() + shift,
  disk: random.normal(),
  network: random.normal(),
  constant: 3,
  hour: 12,
});

const policyYaml = `
name: test
models: ['*']
window: { rows: 300, seconds: 60, minimumRows: 100 }
performance:
  window: { rows: 200, seconds: 60 }
  minimumLabelled: 100
retraining: { cooldownSeconds: 3600, answerWithinSeconds: 0, perDay: 4 }
`;

const start = () =>
  startComponent(drift, {
    configFiles: { 'drift-policies/test.yaml': policyYaml },
    environment: { DRIFT_CHECK_EVERY_MS: '100' },
  });

let shared: Component<FakeClock>;
beforeAll(async () => {
  shared = await start();
});
afterAll(() => shared.close());

let next = 0;

function watching(component = shared, model = `model-${models++}`) {
  const { clock, get, post, publish, restart } = component;

  const payloadsOf = async <Definition extends EventDefinition>(
    definition: Definition,
  ): Promise<PayloadOf<Definition>[]> =>
    (await component.eventsOf(definition))
      .map(({ payload }) => payload)
      .filter((payload) => (payload as { modelName: string }).modelName === model);
  const promote = async (modelVersion: number, profile: unknown = referenceProfile()): Promise<void> => {
    const content = Buffer.from(JSON.stringify(profile));
    const key = `models/${model}/${modelVersion}-${next++}/reference.json`;
    await component.backends.objects!.put(key, content);
    await announce(modelVersion, { reference: { key, digest: digestOf(content) } });
  };
  const announce = async (
    modelVersion: number,
    artifacts: Record<string, { key: string; digest: string }>,
  ): Promise<void> => {
    await publish(AliasChanged, [
      {
        id: `alias-${modelVersion}-${next++}`,
        time: clock.now(),
        payload: {
          modelName: model,
          alias: 'champion',
          modelVersion,
          previousVersion: null,
          digest: null,
          artifactKey: null,
          artifacts,
          featureNames: [...names],
          reason: 'test',
          rolloutId: null,
          changedAt: clock.now().toISOString(),
        },
      },
    ]);
    await eventually(async () => {
      expect((await view()).champion.version).toBe(modelVersion);
    });
  };
  const view = async () => {
    const { status, body } = await get(`/v1/drift/${model}`);
    if (status !== 200) throw new Error(`${status}`);
    return body as unknown as {
      champion: { version: number };
      openWindow: { rows: number; predictions: number };
      latest?: { rows: number; judgement: { verdict: string }; note?: string; retraining: string };
      requestedAt: string[];
      newModel: { stage: string };
    };
  };
  const sendFeatures = async (rows: number, features: () => Draw, prefix = 'features'): Promise<void> => {
    await publish(
      FeaturesComputed,
      Array.from({ length: rows }, (_, row) => {
        const id = `${prefix}-${next}-${row}`;
        return {
          id,
          time: clock.now(),
          payload: {
            featuresId: id,
            readingId: id,
            systemId: `web-${row % 10}`,
            eventTime: clock.now().toISOString(),
            knownTime: clock.now().toISOString(),
            view: 'system_metrics',
            viewVersion: 1,
            features: features(),
          },
        };
      }),
    );
    next += 1;
  };
  /** Predictions and their outcomes, of which a share is right. */
  const sendServed = async (
    rows: number,
    right: number,
    modelVersion = 1,
    outcomesFirst = false,
  ): Promise<void> => {
    const group = next++;
    const predictions = Array.from({ length: rows }, (_, row) => {
      const id = `prediction-${group}-${row}`;
      const label = row % 2;
      const correct = row < rows * right;
      return {
        id,
        label,
        payload: {
          predictionId: id,
          modelName: model,
          modelVersion,
          digest: 'sha256:0',
          arm: 'baseline' as const,
          rolloutId: null,
          systemId: `web-${row % 10}`,
          eventTime: new Date(clock.now().getTime() + group * 1000 + row).toISOString(),
          predictedAt: clock.now().toISOString(),
          featuresId: null,
          origin: 'stream' as const,
          probability: correct === (label === 1) ? 0.6 + 0.4 * random.next() : 0.4 * random.next(),
          shadow: [],
          latencyMs: 1,
        },
      };
    });
    const made = () =>
      publish(
        PredictionMade,
        predictions.map(({ id, payload }) => ({ id, time: clock.now(), payload })),
      );
    const observed = () =>
      publish(
        OutcomeObserved,
        predictions.map(({ id, label, payload }) => ({
          id: `outcome-${id}`,
          time: clock.now(),
          payload: {
            outcomeId: `outcome-${id}`,
            label: 'incident_within_15m',
            systemId: payload.systemId,
            eventTime: payload.eventTime,
            value: label,
            maturedAt: clock.now().toISOString(),
            decidedBy: 'reading',
          },
        })),
      );
    for (const send of outcomesFirst ? [observed, made] : [made, observed]) await send();
  };
  return {
    ...{ model, clock, get, post, publish, restart },
    ...{ payloadsOf, promote, announce, view, sendFeatures, sendServed },
  };
}

function referenceProfile() {
  const rows = Array.from({ length: 4000 }, () => draw());
  return {
    modelRunId: 'run-1',
    rows: rows.length,
    features: Object.fromEntries(
      names.map((name) => [name, freezeHistogram(rows.map((row) => row[name] ?? NaN))]),
    ),
    prediction: freezeHistogram(
      rows.map(() => (random.next() < 0.5 ? 0.4 * random.next() : 0.6 + 0.4 * random.next())),
    ),
  };
}

const trainedModel = {
  trainingId: 't',
  runId: 'r',
  digest: 'sha256:0',
  artifactKey: 'k',
  artifacts: {},
  featureNames: [...names],
  members: [{ name: 'xgboost', kind: 'trees' }],
  label: 'incident_within_15m',
  parameters: {},
  metrics: {},
  trainingSet: {
    digest: 'sha256:0',
    rows: 1,
    positives: 1,
    from: '2026-11-23T10:00:00Z',
    to: '2026-11-23T10:00:00Z',
  },
  validated: true,
  evidence: [],
  library: 'xgboost 3',
  reason: 'drift',
};
const rollout = { modelVersion: 2, rolloutId: 'r2', baselineVersion: 1, steps: [100], policyVersion: '1' };

const verdicts = (measured: readonly PayloadOf<typeof DriftMeasured>[]): string[] =>
  measured.map(({ verdict }) => verdict);

describe('drift', () => {
  it('confirms a shift within two windows, announces it once, and keeps quiet before', async () => {
    const { promote, sendFeatures, payloadsOf } = watching();
    await promote(1);
    await sendFeatures(900, () => draw());
    await eventually(async () => {
      expect(verdicts(await payloadsOf(DriftMeasured))).toEqual(['healthy', 'healthy', 'healthy']);
    });
    await sendFeatures(900, () => draw(1.5));
    await eventually(async () => {
      expect(verdicts(await payloadsOf(DriftMeasured)).slice(3)).toEqual([
        'degraded',
        'degraded',
        'degraded',
      ]);
      expect(await payloadsOf(DriftDetected)).toMatchObject([
        { kind: 'feature', features: ['cpu', 'memory'], windowsInARow: 2, modelVersion: 1 },
      ]);
    });
    const [detected] = await payloadsOf(DriftDetected);
    expect(detected!.evidence.find(({ criterion }) => criterion === 'psi of cpu')).toMatchObject({
      verdict: 'degraded',
      threshold: 0.1,
      sampleSize: 300,
    });
    expect(await payloadsOf(RetrainingRequested)).toEqual([]);
  });

  it('starts exactly one retraining for a shift that hurts, and none for one that does not', async () => {
    const { model, promote, sendFeatures, sendServed, payloadsOf, view } = watching();
    await promote(1);
    await sendFeatures(600, () => draw(1.5));
    await eventually(async () => expect(await payloadsOf(DriftDetected)).toHaveLength(1));
    await sendServed(200, 0.97);
    await eventually(async () => {
      expect(await payloadsOf(PerformanceMeasured)).toMatchObject([{ verdict: 'healthy', labelled: 200 }]);
    });
    await sendFeatures(300, () => draw(1.5));
    await eventually(async () => expect((await view()).latest?.retraining).toBe('hold: harmless'));
    expect(await payloadsOf(RetrainingRequested)).toEqual([]);

    await sendServed(200, 0.7);
    await sendServed(200, 0.7);
    await eventually(async () => {
      expect(await payloadsOf(PerformanceMeasured)).toHaveLength(3);
      expect(await payloadsOf(RetrainingRequested)).toMatchObject([
        { modelName: model, reason: 'performance is degraded, cpu, memory drifted' },
      ]);
      expect((await payloadsOf(DriftDetected)).map(({ kind }) => kind)).toEqual(['feature', 'performance']);
    });
    await sendFeatures(300, () => draw(1.5));
    await eventually(async () => expect((await view()).latest?.retraining).toBe('hold: cooldown'));
    expect(await payloadsOf(RetrainingRequested)).toHaveLength(1);
  });

  it('measures performance below 0.85 as critical, with the evidence, and asks again after the cooldown', async () => {
    const { promote, sendServed, payloadsOf, clock, get } = watching();
    await promote(1);
    await sendServed(200, 0.8, 1, true);
    await eventually(async () => expect(await payloadsOf(PerformanceMeasured)).toHaveLength(1));
    const [measured] = await payloadsOf(PerformanceMeasured);
    expect(measured).toMatchObject({
      verdict: 'degraded',
      metrics: { accuracy: 0.8 },
      evidence: [
        { criterion: 'accuracy', threshold: 0.9, verdict: 'degraded', sampleSize: 200 },
        { criterion: 'accuracy critical', threshold: 0.85, verdict: 'degraded' },
      ],
    });
    await eventually(async () => expect(await payloadsOf(RetrainingRequested)).toHaveLength(1));
    await eventually(async () => {
      const metrics = (await get('/metrics')).text;
      expect(metrics).toMatch(/ml_model_accuracy\{[^}]*metric_type="overall"[^}]*\} 0\.8/);
    });
    clock.advance(3_600_000);
    // The window that has become old closes first, or it would close with a part of what comes now.
    await eventually(async () =>
      expect((await payloadsOf(PerformanceMeasured)).map(({ verdict }) => verdict)).toEqual([
        'degraded',
        'no-data',
      ]),
    );
    await sendServed(200, 0.8);
    await eventually(async () => expect(await payloadsOf(RetrainingRequested)).toHaveLength(2));
  });

  it('asks for no second model while the first is trained and rolled out, however long that lasts', async () => {
    const { model, publish, promote, sendServed, payloadsOf, clock, view } = watching();
    await promote(1);
    await sendServed(200, 0.8);
    await eventually(async () => expect(await payloadsOf(RetrainingRequested)).toHaveLength(1));
    const emit = async <Definition extends EventDefinition>(
      definition: Definition,
      payload: Omit<PayloadOf<Definition>, 'modelName'>,
    ): Promise<void> => {
      await publish(definition, [{ payload: { ...payload, modelName: model } }] as never);
    };
    const at = () => clock.now().toISOString();
    const stageIs = (stage: string) =>
      eventually(async () => expect((await view()).newModel.stage).toBe(stage));
    const holdsDuring = async (stage: string) => {
      await stageIs(stage);
      clock.advance(30 * 3_600_000);
      await eventually(async () => expect((await view()).latest?.retraining).toBe(`hold: ${stage}`));
      expect(await payloadsOf(RetrainingRequested)).toHaveLength(1);
    };

    await emit(TrainingRequested, {
      trainingId: 't',
      reason: 'drift',
      requestedBy: 'drift',
      requestedAt: at(),
    });
    await holdsDuring('training');
    // Topics keep no order among each other: the rollout arrives before its model.
    await emit(RolloutStarted, { ...rollout, startedAt: at() });
    await stageIs('rollout');
    await emit(ModelTrained, { ...trainedModel, startedAt: at(), finishedAt: at() });
    await holdsDuring('rollout');
    await emit(RolloutRolledBack, {
      ...rollout,
      restoredVersion: 1,
      evidence: [],
      rolledBackAt: at(),
      reason: 'it was worse',
    });
    await stageIs('none');
    clock.advance(61_000);
    await eventually(async () => expect(await payloadsOf(RetrainingRequested)).toHaveLength(2));
  });

  it('says no-data when nothing arrives, and inconclusive when too little does', async () => {
    const { promote, sendFeatures, payloadsOf, clock, view } = watching();
    await promote(1);
    clock.advance(61_000);
    await eventually(async () => expect(verdicts(await payloadsOf(DriftMeasured))).toEqual(['no-data']));
    await eventually(async () => {
      expect(await payloadsOf(PerformanceMeasured)).toMatchObject([
        { verdict: 'no-data', labelled: 0, metrics: { accuracy: null } },
      ]);
    });
    await sendFeatures(50, () => draw(3));
    await eventually(async () => expect((await view()).openWindow.rows).toBe(50));
    clock.advance(61_000);
    await eventually(async () =>
      expect(verdicts(await payloadsOf(DriftMeasured))).toEqual(['no-data', 'inconclusive']),
    );
    expect(await payloadsOf(DriftDetected)).toEqual([]);
  });

  it('goes on with the same window after a restart and counts repeated events once', async () => {
    const { promote, sendFeatures, view, payloadsOf, publish, clock, get, restart } = watching(await start());
    await promote(1);
    await sendFeatures(300, () => draw(), 'closed');
    await eventually(async () => expect((await view()).latest?.rows).toBe(300));
    await sendFeatures(200, () => draw(), 'kept');
    await eventually(async () => expect((await view()).openWindow.rows).toBe(200));
    await restart();

    await eventually(async () => {
      const metrics = (await get('/metrics')).text;
      expect(metrics).toMatch(/ml_model_drift_score\{[^}]*feature_name="cpu"/);
    });
    expect((await view()).openWindow.rows).toBe(200);
    const again = { ...draw() };
    for (let time = 0; time < 3; time += 1) {
      await publish(FeaturesComputed, [
        {
          id: 'the-same-event',
          time: clock.now(),
          payload: {
            featuresId: 'the-same-event',
            readingId: 'r',
            systemId: 'web-1',
            eventTime: clock.now().toISOString(),
            knownTime: clock.now().toISOString(),
            view: 'system_metrics',
            viewVersion: 1,
            features: again,
          },
        },
      ]);
    }
    await sendFeatures(98, () => draw());
    await eventually(async () => expect((await view()).openWindow.rows).toBe(299));
    await sendFeatures(1, () => draw());
    await eventually(async () => {
      expect(await payloadsOf(DriftMeasured)).toMatchObject([{ rows: 300 }, { rows: 300 }]);
    });
  });

  it('is no-data with the reason when the reference is missing or not what the digest says', async () => {
    const { announce, clock, payloadsOf, view } = watching();
    await announce(1, {});
    clock.advance(61_000);
    await eventually(async () => {
      expect((await view()).latest?.note).toBe('the champion has no reference profile');
    });
    await announce(2, { reference: { key: 'models/none.json', digest: 'sha256:0' } });
    clock.advance(61_000);
    await eventually(async () => expect((await view()).latest?.note).toMatch(/none\.json/));
    await eventually(async () => {
      expect(verdicts(await payloadsOf(DriftMeasured))).toEqual(['no-data', 'no-data']);
    });
  });

  it('forgets the windows and shifts of the champion before', async () => {
    const { promote, sendFeatures, payloadsOf, view } = watching();
    await promote(1);
    await sendFeatures(400, () => draw(1.5));
    await eventually(async () => expect((await view()).openWindow.rows).toBe(100));
    await promote(2);
    expect((await view()).openWindow.rows).toBe(0);
    await sendFeatures(300, () => draw(1.5));
    await eventually(async () => expect(await payloadsOf(DriftMeasured)).toHaveLength(2));
    expect(await payloadsOf(DriftDetected)).toEqual([]);
  });

  it('announces readings that keep failing their expectations, and trains nothing from them', async () => {
    const { promote, publish, sendServed, payloadsOf, clock } = watching();
    await promote(1);
    const validated = (id: string, success: boolean) => ({
      id,
      time: clock.now(),
      payload: {
        suite: 'readings',
        suiteVersion: '1',
        windowStart: clock.now().toISOString(),
        windowEnd: clock.now().toISOString(),
        rows: 100,
        success,
        results: [
          {
            expectation: 'expect_column_values_to_be_between',
            column: 'cpu_usage',
            success,
            observed: 0.4,
            unexpectedCount: 40,
            unexpectedSample: ['240', '<b>'],
          },
          {
            expectation: 'expect_table_row_count_to_be_between',
            column: null,
            severity: 'warning' as const,
            success: false,
            observed: 100,
            unexpectedCount: 1,
            unexpectedSample: [],
          },
        ],
      },
    });
    await publish(WindowValidated, [validated('w1', false), validated('w1', false), validated('w2', false)]);
    await publish(WindowValidated, [validated('w3', false)]);
    await eventually(async () => {
      expect(await payloadsOf(DriftDetected)).toMatchObject([
        {
          kind: 'data-quality',
          features: ['cpu_usage'],
          windowsInARow: 2,
          evidence: [{ criterion: 'expect_column_values_to_be_between of cpu_usage' }],
        },
      ]);
    });
    await sendServed(200, 0.5);
    await eventually(async () =>
      expect(await payloadsOf(PerformanceMeasured)).toMatchObject([{ verdict: 'degraded' }]),
    );
    expect(await payloadsOf(RetrainingRequested)).toEqual([]);
  });

  it('checks on request and shows the report as one escaped page', async () => {
    const { model, promote, sendFeatures, get, post, view } = watching();
    expect((await get(`/v1/drift/${model}`)).status).toBe(404);
    const hostile = '<img src=x onerror=alert(1)>';
    const profile = referenceProfile();
    await promote(1, { ...profile, features: { ...profile.features, [hostile]: profile.features['cpu'] } });
    await sendFeatures(150, () => draw());
    await eventually(async () => expect((await view()).openWindow.rows).toBe(150));
    const checked = await post('/v1/drift/check', { model });
    expect(checked.status).toBe(200);
    expect(checked.body).toMatchObject({ checked: [{ modelName: model, drift: { rows: 150 } }] });
    const page = await get(`/v1/drift/${model}/report`);
    expect(page.headers.get('content-type')).toContain('text/html');
    const html = page.text;
    expect(html).toContain('<svg');
    expect(html).not.toContain('<img');
    expect(html).toContain('&lt;img src=x');
    const metrics = (await get('/metrics')).text;
    expect(metrics).toMatch(
      /ml_model_drift_score\{[^}]*feature_name="cpu"[^}]*drift_type="psi"[^}]*\} 0\.\d+/,
    );
    expect((await get('/v1/drift/nobody')).status).toBe(404);
    const wrong = await post('/v1/drift/check', { model: 7 });
    expect(wrong.status).toBe(400);
  });
});
