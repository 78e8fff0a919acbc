import { type Evidence } from '@headrace/contracts';

/** The stages of the loop in the order in which telemetry passes them. */
export const stages = [
  'readings',
  'features',
  'models',
  'rollouts',
  'predictions',
  'outcomes',
  'drift',
  'alerts',
] as const;
export type Stage = (typeof stages)[number];

export interface VersionView {
  readonly modelName: string;
  readonly version: number;
  readonly state: 'created' | 'canary' | 'champion' | 'retired' | 'unstable';
  readonly metrics: Readonly<Record<string, number | null>>;
  readonly at: string;
}

export interface RolloutView {
  readonly rolloutId: string;
  readonly modelName: string;
  readonly version: number;
  readonly baselineVersion: number | null;
  readonly steps: readonly number[];
  readonly percent: number;
  readonly state: 'running' | 'promoted' | 'rolled-back';
  readonly verdict: string | undefined;
  readonly evidence: readonly Evidence[];
  readonly reason: string | undefined;
  readonly at: string;
}

export interface AlertView {
  readonly alertId: string;
  readonly name: string;
  readonly severity: string;
  readonly summary: string;
  readonly startsAt: string;
  readonly acknowledgedBy: string | undefined;
}

export interface DriftView {
  readonly modelVersion: number;
  readonly verdict: string;
  readonly windowEnd: string;
  readonly rows: number;
  readonly scores: readonly {
    readonly feature: string;
    readonly method: string;
    readonly value: number | null;
    readonly drifted: boolean | null;
  }[];
}

/** One prediction beside what happened; `outcome` is undefined until the label has matured. */
export interface PredictionPoint {
  readonly predictionId: string;
  readonly eventTime: string;
  readonly probability: number | null;
  readonly version: number;
  readonly arm: string;
  outcome: number | undefined;
}

export interface TimelineEntry {
  readonly eventId: string;
  readonly at: string;
  readonly kind: string;
  readonly text: string;
}

const predictionsPerSystem = 240;
const timelineLength = 200;
const rolloutsKept = 20;

/**
 * What the live page shows, folded from events. Applying the same low-rate event twice changes nothing; the counters of
 * high-rate facts count since the start of this process and are labelled so.
 */
export class Overview {
  readonly counts: Record<Stage, number> = {
    readings: 0,
    features: 0,
    models: 0,
    rollouts: 0,
    predictions: 0,
    outcomes: 0,
    drift: 0,
    alerts: 0,
  };
  quarantined = 0;
  readonly versions = new Map<string, VersionView>();
  readonly rollouts = new Map<string, RolloutView>();
  readonly alerts = new Map<string, AlertView>();
  readonly drift = new Map<string, DriftView>();
  readonly performance = new Map<
    string,
    {
      readonly version: number;
      readonly metrics: Readonly<Record<string, number | null>>;
      readonly labelled: number;
      readonly verdict: string;
    }
  >();
  readonly systems = new Map<string, PredictionPoint[]>();
  readonly lastReading = new Map<string, Readonly<Record<string, number | null>>>();
  timeline: TimelineEntry[] = [];
  private readonly seen = new Set<string>();

  count(stage: Stage, facts: number): void {
    this.counts[stage] += facts;
  }

  /** Adds a line to the timeline; false when this event is on it already. */
  note(entry: TimelineEntry): boolean {
    if (this.seen.has(entry.eventId)) return false;
    this.seen.add(entry.eventId);
    this.timeline.unshift(entry);
    for (const dropped of this.timeline.splice(timelineLength)) this.seen.delete(dropped.eventId);
    return true;
  }

  putVersion(view: VersionView): void {
    this.versions.set(`${view.modelName}/${view.version}`, view);
  }

  setVersionState(modelName: string, version: number, state: VersionView['state']): void {
    const known = this.versions.get(`${modelName}/${version}`);
    // Its making may come later, from another topic; it keeps the state then.
    this.putVersion({ ...(known ?? { modelName, version, metrics: {}, at: '' }), state });
  }

  putRollout(view: RolloutView): void {
    this.rollouts.delete(view.rolloutId);
    this.rollouts.set(view.rolloutId, view);
    for (const id of [...this.rollouts.keys()].slice(0, -rolloutsKept)) this.rollouts.delete(id);
  }

  addPrediction(systemId: string, point: PredictionPoint): void {
    const points = this.systems.get(systemId) ?? [];
    this.systems.set(systemId, points);
    if (points.some((known) => known.predictionId === point.predictionId)) return;
    points.push(point);
    if ((points.at(-2)?.eventTime ?? '') > point.eventTime) {
      points.sort((a, b) => (a.eventTime < b.eventTime ? -1 : 1));
    }
    if (points.length > predictionsPerSystem) points.splice(0, points.length - predictionsPerSystem);
  }

  addOutcome(systemId: string, eventTime: string, value: number): void {
    const time = Date.parse(eventTime);
    for (const point of this.systems.get(systemId) ?? []) {
      if (Date.parse(point.eventTime) === time) point.outcome = value;
    }
  }

  champion(modelName: string): VersionView | undefined {
    return [...this.versions.values()].find(
      (view) => view.modelName === modelName && view.state === 'champion',
    );
  }
}
