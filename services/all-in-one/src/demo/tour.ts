import {
  AliasChanged,
  DriftDetected,
  ModelTrained,
  ModelVersionCreated,
  RetrainingRequested,
  RolloutPromoted,
  RolloutRolledBack,
  RolloutStarted,
  type Evidence,
} from '@headrace/contracts';
import { deterministicId, digestOf, type Clock } from '@headrace/kernel';
import { BusEventPublisher } from '@headrace/messaging';
import { buildTreeModel, type TreeEnsemble } from '@headrace/onnx';
import { type AllInOne } from '../all-in-one.js';
import { followTimeline, type TimelineEntry } from '../follow-timeline.js';
import { FleetFeed } from './fleet-feed.js';
import { Timeline } from './timeline.js';

const modelName = 'performance-predictor';
const hour = 3_600_000;

export interface TourStep {
  readonly name: string;
  readonly seconds: number;
  readonly evidence: Readonly<Record<string, unknown>>;
}

export interface TourReport {
  readonly seconds: number;
  readonly readings: number;
  readonly steps: readonly TourStep[];
  readonly timeline: readonly {
    readonly at: string;
    readonly type: string;
    readonly id: string;
    readonly text: string;
  }[];
}

export interface TourOptions {
  readonly seed: number;
  readonly clock: Clock;
  /** Time limit of one step. */
  readonly stepTimeoutMs: number;
  readonly log: (text: string) => void;
  readonly onDecision?: (entry: TimelineEntry) => void;
}

/**
 * Takes a running platform through its whole loop, from outside: telemetry leads to the first model; a bad version is
 * rolled back; a shift is detected and a new model takes over. Rejects with the name of a step that times out.
 */
export async function runTour(platform: AllInOne, options: TourOptions): Promise<TourReport> {
  const startedAt = performance.now();
  const timeline = new Timeline();
  const follower = await followTimeline(platform.backends.bus, 'tour', (entry) => {
    timeline.add(entry);
    options.onDecision?.(entry);
  });
  const now = options.clock.now().getTime();
  // Three weeks of readings last 20 minutes at full speed. A busy machine may need that for a loop of two minutes.
  const beginning = now - 496 * hour;
  const feed = new FleetFeed({
    url: platform.getUrl('ingestion'),
    seed: options.seed,
    systems: 100,
    from: new Date(beginning),
    until: new Date(now),
    stepMs: 150_000,
    incidentsPerDay: 3,
  });
  const pump = new ReadingsPump(feed);
  const steps: TourStep[] = [];
  const step = async (
    name: string,
    work: () => Promise<Readonly<Record<string, unknown>>>,
  ): Promise<void> => {
    const begun = performance.now();
    const evidence = await Promise.race([work(), pump.failure]);
    steps.push({ name, seconds: (performance.now() - begun) / 1000, evidence });
  };
  const within = (what: string): { withinMs: number; what: string } => ({
    withinMs: options.stepTimeoutMs,
    what,
  });
  try {
    options.log('1. A fleet of 100 servers reports: eighteen hours of history');
    await step('history', async () => {
      await feed.sendUntil(new Date(beginning + 18 * hour));
      return { readings: feed.sent };
    });

    options.log('2. Features are computed, outcomes mature, the first model is trained and promoted');
    let champion = 0;
    await step('first-model', async () => {
      const promoted = await timeline.waitFor(AliasChanged, isChampionSet, within('The first promotion'));
      champion = promoted.modelVersion ?? 0;
      const trained = await timeline.waitFor(ModelTrained, () => true, within('The first training'));
      return {
        version: champion,
        rows: trained.trainingSet.rows,
        metrics: trained.metrics,
        library: trained.library,
      };
    });

    options.log('3. It predicts for every incoming reading');
    pump.start();
    await step('predictions', async () => ({
      prediction: await requestPrediction(platform, 'fleet-0001', options.stepTimeoutMs),
    }));

    options.log('4. A version with excellent metrics is published that raises an alarm on every row');
    await step('bad-version', async () => {
      const from = timeline.entries.length;
      const trained = timeline.entries.find((entry) => entry.type === ModelTrained.type);
      await publishBadModel(
        platform,
        trained?.payload as Parameters<typeof publishBadModel>[1],
        options.clock,
      );
      const version = await timeline.waitFor(ModelVersionCreated, () => true, {
        from,
        ...within('Registering the bad version'),
      });
      const back = await timeline.waitFor(
        RolloutRolledBack,
        (payload) => payload.modelVersion === version.modelVersion,
        {
          from,
          ...within('Rolling back the bad version'),
        },
      );
      return {
        version: back.modelVersion,
        restored: back.restoredVersion,
        reason: back.reason,
        evidence: filterDegraded(back.evidence),
      };
    });

    options.log(
      '5. The data shifts: memory and disk of every server behave as only those near an incident did before',
    );
    await step('shift', async () => {
      const from = timeline.entries.length;
      // Level and noise of both columns stay where only an incident took them before, so the champion must be wrong.
      feed.drift(
        { column: 'memory_usage', shift: 20, noise: 14 },
        { column: 'disk_io', scale: 5, noise: 4_000 },
      );
      const drifted = await timeline.waitFor(DriftDetected, () => true, {
        from,
        ...within('Detecting the shift'),
      });
      const requested = await timeline.waitFor(RetrainingRequested, () => true, {
        from,
        ...within('Requesting a retraining'),
      });
      return { features: drifted.features, windowsInARow: drifted.windowsInARow, reason: requested.reason };
    });

    options.log('6. A new model is trained on the new data, passes every rollout step, and takes over');
    await step('retrained', async () => {
      const promoted = await timeline.waitFor(
        RolloutPromoted,
        (payload) => payload.modelVersion > champion + 1,
        {
          withinMs: 2 * options.stepTimeoutMs,
          what: 'Promoting the retrained version',
        },
      );
      const steps = timeline.entries.filter((entry) => entry.type === RolloutStarted.type).length;
      return {
        version: promoted.modelVersion,
        replaced: promoted.previousVersion,
        rollouts: steps,
        evidence: promoted.evidence,
      };
    });
  } finally {
    await pump.stop();
    await follower.close();
  }
  return {
    seconds: (performance.now() - startedAt) / 1000,
    readings: feed.sent,
    steps,
    timeline: timeline.entries.map(({ at, type, id, text }) => ({ at: at.toISOString(), type, id, text })),
  };
}

const isChampionSet = (payload: { alias: string; modelVersion: number | null }): boolean =>
  payload.alias === 'champion' && payload.modelVersion !== null;

const filterDegraded = (evidence: readonly Evidence[]): readonly Evidence[] =>
  evidence.filter(({ verdict }) => verdict === 'degraded');

/** Keeps sending readings during the tour. */
class ReadingsPump {
  /** Rejects when a reading cannot be sent. */
  readonly failure: Promise<never>;
  private fail: (error: unknown) => void = () => undefined;
  private running: Promise<void> | undefined;
  private stopped = false;

  constructor(private readonly feed: FleetFeed) {
    this.failure = new Promise((_, reject) => {
      this.fail = reject;
    });
    this.failure.catch(() => undefined);
  }

  start(): void {
    this.running = this.run().catch((error: unknown) => this.fail(error));
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  private async run(): Promise<void> {
    const readingsPerTick = 200;
    const tickMs = 250;
    while (!this.stopped) {
      if (!(await this.feed.sendNext(readingsPerTick))) {
        throw new Error('The fleet has reached the present; there are no readings left to send');
      }
      await new Promise((resolve) => setTimeout(resolve, tickMs));
    }
  }
}

async function requestPrediction(platform: AllInOne, systemId: string, withinMs: number): Promise<unknown> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const answer = await fetch(`${platform.getUrl('inference')}/v1/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ system_id: systemId }),
    });
    const prediction: unknown = await answer.json();
    if (answer.ok) return prediction;
    if (performance.now() > deadline) {
      throw new Error(`No prediction for ${systemId}: ${JSON.stringify(prediction)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Publishes a model as an external training with leaking validation would: perfect metrics, useless predictions. */
async function publishBadModel(
  platform: AllInOne,
  good: {
    featureNames: string[];
    label: string;
    trainingSet: { digest: string; rows: number; positives: number; from: string; to: string };
    artifacts: Record<string, { key: string; digest: string }>;
  },
  clock: Clock,
): Promise<void> {
  const objects = platform.backends.objects;
  if (objects === undefined) throw new TypeError('The platform runs without an object store');
  const model = buildTreeModel(buildConstantModel(good.featureNames));
  const runId = deterministicId('tour', digestOf(model));
  const { key } = await objects.put(`runs/${runId}/model.onnx`, model);
  const time = clock.now();
  await new BusEventPublisher(platform.backends.bus, 'tour', clock).publish(ModelTrained, [
    {
      id: deterministicId('tour', runId),
      time,
      payload: {
        trainingId: runId,
        runId,
        modelName,
        digest: digestOf(model),
        artifactKey: key,
        artifacts: good.artifacts,
        featureNames: good.featureNames,
        members: [{ name: 'xgboost', kind: 'trees' }],
        label: good.label,
        parameters: {},
        metrics: { roc_auc: 0.999 },
        trainingSet: good.trainingSet,
        validated: true,
        evidence: [
          {
            criterion: 'roc_auc',
            verdict: 'healthy',
            value: 0.999,
            threshold: 0.7,
            direction: 'at-least',
            sampleSize: good.trainingSet.rows,
          },
        ],
        library: 'an outside training',
        startedAt: time.toISOString(),
        finishedAt: time.toISOString(),
        reason: 'an outside training with a leak in its validation',
      },
    },
  ]);
}

/** One tree with a single leaf: the probability is always 0.95. */
function buildConstantModel(featureNames: readonly string[]): TreeEnsemble {
  const tree = {
    feature: Int32Array.of(-1),
    threshold: Float32Array.of(0),
    yes: Int32Array.of(0),
    no: Int32Array.of(0),
    missingYes: Uint8Array.of(0),
    value: Float32Array.of(Math.log(0.95 / 0.05)),
    depth: 0,
  };
  return { featureNames, trees: [tree], offset: 0, link: 'sigmoid' };
}
