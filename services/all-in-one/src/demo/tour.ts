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
  /** The longest that one step may take. */
  readonly stepMs: number;
  readonly tell: (text: string) => void;
  readonly onDecision?: (entry: TimelineEntry) => void;
}

/**
 * Walks a running platform through its whole loop, from outside: telemetry comes in and becomes the first model; a bad
 * version is rolled back; the world shifts, is noticed, and a new model takes over. Rejects when a step does not come
 * about, with the step's name.
 */
export async function runTour(platform: AllInOne, options: TourOptions): Promise<TourReport> {
  const startedAt = performance.now();
  const timeline = new Timeline();
  const follower = await followTimeline(platform.backends.bus, 'tour', (entry) => {
    timeline.add(entry);
    options.onDecision?.(entry);
  });
  const now = options.clock.now().getTime();
  // Three weeks to tell of last for 20 minutes at full speed, which a busy machine may need for a loop of two.
  const beginning = now - 496 * hour;
  const feed = new FleetFeed({
    url: platform.urlOf('ingestion'),
    seed: options.seed,
    systems: 100,
    from: new Date(beginning),
    until: new Date(now),
    stepMs: 150_000,
    incidentsPerDay: 3,
  });
  const pump = new Pump(feed);
  const steps: TourStep[] = [];
  const step = async (
    name: string,
    work: () => Promise<Readonly<Record<string, unknown>>>,
  ): Promise<void> => {
    const begun = performance.now();
    const evidence = await Promise.race([work(), pump.failure]);
    steps.push({ name, seconds: (performance.now() - begun) / 1000, evidence });
  };
  const within = (what: string): { withinMs: number; what: string } => ({ withinMs: options.stepMs, what });
  try {
    options.tell('1. A fleet of 100 servers reports: eighteen hours of history');
    await step('history', async () => {
      await feed.sendUntil(new Date(beginning + 18 * hour));
      return { readings: feed.sent };
    });

    options.tell('2. Features are computed, outcomes mature, the first model is trained and promoted');
    let champion = 0;
    await step('first-model', async () => {
      const promoted = await timeline.waitFor(AliasChanged, fitsChampion, within('The first promotion'));
      champion = promoted.modelVersion ?? 0;
      const trained = await timeline.waitFor(ModelTrained, () => true, within('The first training'));
      return {
        version: champion,
        rows: trained.trainingSet.rows,
        metrics: trained.metrics,
        library: trained.library,
      };
    });

    options.tell('3. It predicts every reading that comes in');
    pump.start();
    await step('predictions', async () => ({
      prediction: await predictionOf(platform, 'fleet-0001', options.stepMs),
    }));

    options.tell('4. Somebody states a version with splendid metrics that cries wolf on every row');
    await step('bad-version', async () => {
      const from = timeline.entries.length;
      const trained = timeline.entries.find((entry) => entry.type === ModelTrained.type);
      await stateBadModel(platform, trained?.payload as Parameters<typeof stateBadModel>[1], options.clock);
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
        evidence: degraded(back.evidence),
      };
    });

    options.tell(
      '5. The world shifts: memory and disk of every server are as restless as only those in trouble were before',
    );
    await step('shift', async () => {
      const from = timeline.entries.length;
      // Level and unrest of both columns are for good what only an incident brought before: the champion must be wrong.
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

    options.tell(
      '6. A new model is trained on what the world is like now, proves itself step by step, and takes over',
    );
    await step('retrained', async () => {
      const promoted = await timeline.waitFor(
        RolloutPromoted,
        (payload) => payload.modelVersion > champion + 1,
        {
          withinMs: 2 * options.stepMs,
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

const fitsChampion = (payload: { alias: string; modelVersion: number | null }): boolean =>
  payload.alias === 'champion' && payload.modelVersion !== null;

const degraded = (evidence: readonly Evidence[]): readonly Evidence[] =>
  evidence.filter(({ verdict }) => verdict === 'degraded');

/** Keeps the fleet reporting while the tour goes on. */
class Pump {
  /** Rejects when a reading cannot be sent. */
  readonly failure: Promise<never>;
  private fail: (error: unknown) => void = () => undefined;
  private running: Promise<void> | undefined;
  private ending = false;

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
    this.ending = true;
    await this.running;
  }

  private async run(): Promise<void> {
    const readingsPerBeat = 200;
    const beatMs = 250;
    while (!this.ending) {
      if (!(await this.feed.sendSome(readingsPerBeat))) {
        throw new Error('The fleet has caught up with the present; nothing is left to report');
      }
      await new Promise((resolve) => setTimeout(resolve, beatMs));
    }
  }
}

async function predictionOf(platform: AllInOne, systemId: string, withinMs: number): Promise<unknown> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const answer = await fetch(`${platform.urlOf('inference')}/v1/predict`, {
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

/** What an outside training with a leak in its validation looks like: perfect on paper, useless on the stream. */
async function stateBadModel(
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
  const model = buildTreeModel(alwaysAlarmed(good.featureNames));
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

/** One tree of one leaf: the probability is 0.95 whatever comes. */
function alwaysAlarmed(featureNames: readonly string[]): TreeEnsemble {
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
