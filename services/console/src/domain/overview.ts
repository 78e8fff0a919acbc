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

export interface PerformanceView {
  readonly version: number;
  readonly metrics: Readonly<Record<string, number | null>>;
  readonly labelled: number;
  readonly verdict: string;
}

export type ReadingValues = Readonly<Record<string, number | null>>;

/** One prediction beside what happened; `outcome` is undefined until the label has matured. */
export interface PredictionPoint {
  readonly predictionId: string;
  readonly eventTime: string;
  readonly probability: number | null;
  readonly version: number;
  readonly arm: string;
  readonly outcome: number | undefined;
}

export interface TimelineEntry {
  readonly eventId: string;
  readonly at: string;
  readonly kind: string;
  readonly text: string;
}

const maxPredictionsPerSystem = 240;
const maxTimelineEntries = 200;
const maxRollouts = 20;

/**
 * What the live page shows, folded from events. Applying the same low-rate event twice changes nothing. High-rate events
 * are counted since the start of this process, and the page labels them so.
 */
export class Overview {
  private readonly stageCounts: Record<Stage, number> = {
    readings: 0,
    features: 0,
    models: 0,
    rollouts: 0,
    predictions: 0,
    outcomes: 0,
    drift: 0,
    alerts: 0,
  };
  private quarantinedCount = 0;
  private readonly versionsByKey = new Map<string, VersionView>();
  private readonly rolloutsById = new Map<string, RolloutView>();
  private readonly alertsById = new Map<string, AlertView>();
  private readonly driftByModel = new Map<string, DriftView>();
  private readonly performanceByModel = new Map<string, PerformanceView>();
  private readonly pointsBySystem = new Map<string, PredictionPoint[]>();
  private readonly lastReadings = new Map<string, ReadingValues>();
  private readonly entries: TimelineEntry[] = [];
  private readonly seen = new Set<string>();

  get counts(): Readonly<Record<Stage, number>> {
    return this.stageCounts;
  }

  get quarantined(): number {
    return this.quarantinedCount;
  }

  /** By `model/version`. */
  get versions(): ReadonlyMap<string, VersionView> {
    return this.versionsByKey;
  }

  get rollouts(): ReadonlyMap<string, RolloutView> {
    return this.rolloutsById;
  }

  get alerts(): ReadonlyMap<string, AlertView> {
    return this.alertsById;
  }

  get drift(): ReadonlyMap<string, DriftView> {
    return this.driftByModel;
  }

  get performance(): ReadonlyMap<string, PerformanceView> {
    return this.performanceByModel;
  }

  get systems(): ReadonlyMap<string, readonly PredictionPoint[]> {
    return this.pointsBySystem;
  }

  get lastReading(): ReadonlyMap<string, ReadingValues> {
    return this.lastReadings;
  }

  /** Newest first. */
  get timeline(): readonly TimelineEntry[] {
    return this.entries;
  }

  count(stage: Stage, events: number): void {
    this.stageCounts[stage] += events;
  }

  countQuarantined(readings: number): void {
    this.quarantinedCount += readings;
  }

  /** Returns false when the event is on the timeline already. */
  addToTimeline(entry: TimelineEntry): boolean {
    if (this.seen.has(entry.eventId)) return false;
    this.seen.add(entry.eventId);
    this.entries.unshift(entry);
    for (const dropped of this.entries.splice(maxTimelineEntries)) this.seen.delete(dropped.eventId);
    return true;
  }

  putVersion(view: VersionView): void {
    this.versionsByKey.set(`${view.modelName}/${view.version}`, view);
  }

  setVersionState(modelName: string, version: number, state: VersionView['state']): void {
    const known = this.versions.get(`${modelName}/${version}`);
    // Its creation may arrive later, from another topic, and keeps this state.
    this.putVersion({ ...(known ?? { modelName, version, metrics: {}, at: '' }), state });
  }

  putRollout(view: RolloutView): void {
    this.rolloutsById.delete(view.rolloutId);
    this.rolloutsById.set(view.rolloutId, view);
    for (const id of [...this.rollouts.keys()].slice(0, -maxRollouts)) this.rolloutsById.delete(id);
  }

  putAlert(view: AlertView): void {
    this.alertsById.set(view.alertId, view);
  }

  removeAlert(alertId: string): void {
    this.alertsById.delete(alertId);
  }

  putDrift(modelName: string, view: DriftView): void {
    this.driftByModel.set(modelName, view);
  }

  putPerformance(modelName: string, view: PerformanceView): void {
    this.performanceByModel.set(modelName, view);
  }

  putLastReading(systemId: string, values: ReadingValues): void {
    this.lastReadings.set(systemId, values);
  }

  addPrediction(systemId: string, point: PredictionPoint): void {
    const points = this.pointsBySystem.get(systemId) ?? [];
    this.pointsBySystem.set(systemId, points);
    if (points.some((known) => known.predictionId === point.predictionId)) return;
    points.push(point);
    if ((points.at(-2)?.eventTime ?? '') > point.eventTime) {
      points.sort((a, b) => (a.eventTime < b.eventTime ? -1 : 1));
    }
    if (points.length > maxPredictionsPerSystem) points.splice(0, points.length - maxPredictionsPerSystem);
  }

  addOutcome(systemId: string, eventTime: string, value: number): void {
    const time = Date.parse(eventTime);
    const points = this.pointsBySystem.get(systemId) ?? [];
    for (const [index, point] of points.entries()) {
      if (Date.parse(point.eventTime) === time) points[index] = { ...point, outcome: value };
    }
  }

  champion(modelName: string): VersionView | undefined {
    return [...this.versions.values()].find(
      (view) => view.modelName === modelName && view.state === 'champion',
    );
  }
}
