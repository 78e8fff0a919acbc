import {
  AlertAcknowledged,
  AlertFired,
  AlertResolved,
  AliasChanged,
  DriftDetected,
  DriftMeasured,
  ModelTrained,
  ModelVersionCreated,
  PerformanceMeasured,
  RolloutPromoted,
  RolloutRolledBack,
  RolloutStarted,
  StepJudged,
  TrafficShifted,
  VersionMarkedUnstable,
  type EventDefinition,
  type PayloadOf,
} from '@headrace/contracts';
import { type Overview, type RolloutView } from './overview.js';
import { describeEvent } from './describe-event.js';

/** One low-rate event as the ledger keeps it. */
export interface LedgerEvent {
  readonly id: string;
  readonly type: string;
  readonly time: string;
  readonly payload: unknown;
}

type Fold = (overview: Overview, payload: never) => void;

function on<Definition extends EventDefinition>(
  { type }: Definition,
  fold: (overview: Overview, payload: PayloadOf<Definition>) => void,
): readonly [string, Fold] {
  return [type, fold];
}

const folds: ReadonlyMap<string, Fold> = new Map([
  on(ModelTrained, (overview) => overview.count('models', 1)),
  on(ModelVersionCreated, (overview, payload) => {
    overview.putVersion({
      modelName: payload.modelName,
      version: payload.modelVersion,
      state: overview.versions.get(`${payload.modelName}/${payload.modelVersion}`)?.state ?? 'created',
      metrics: payload.metrics,
      at: payload.createdAt,
    });
  }),
  on(AliasChanged, (overview, payload) => {
    if (payload.alias !== 'champion') return;
    for (const view of overview.versions.values()) {
      if (view.modelName === payload.modelName && view.state === 'champion') {
        overview.putVersion({ ...view, state: 'retired' });
      }
    }
    if (payload.modelVersion !== null) {
      overview.setVersionState(payload.modelName, payload.modelVersion, 'champion');
    }
  }),
  on(VersionMarkedUnstable, (overview, payload) =>
    overview.setVersionState(payload.modelName, payload.modelVersion, 'unstable'),
  ),
  on(RolloutStarted, (overview, payload) => {
    overview.count('rollouts', 1);
    changeRollout(overview, payload, {
      baselineVersion: payload.baselineVersion,
      steps: payload.steps,
      at: payload.startedAt,
    });
    if (overview.rollouts.get(payload.rolloutId)?.state === 'running') {
      overview.setVersionState(payload.modelName, payload.modelVersion, 'canary');
    }
  }),
  on(TrafficShifted, (overview, payload) => {
    const canary = payload.weights.find((weight) => weight.arm === 'canary');
    const { rolloutId } = payload;
    if (canary !== undefined && rolloutId !== null && !hasEnded(overview, rolloutId)) {
      changeRollout(
        overview,
        { rolloutId, modelName: payload.modelName, modelVersion: canary.modelVersion },
        { percent: canary.percent },
      );
    }
  }),
  on(StepJudged, (overview, payload) => {
    if (hasEnded(overview, payload.rolloutId)) return;
    changeRollout(overview, payload, {
      percent: payload.percent,
      verdict: payload.verdict,
      evidence: payload.evidence,
    });
  }),
  on(RolloutPromoted, (overview, payload) =>
    changeRollout(overview, payload, {
      state: 'promoted',
      percent: 100,
      reason: payload.reason,
      evidence: payload.evidence,
    }),
  ),
  on(RolloutRolledBack, (overview, payload) =>
    changeRollout(overview, payload, {
      state: 'rolled-back',
      percent: 0,
      reason: payload.reason,
      evidence: payload.evidence,
    }),
  ),
  on(DriftMeasured, (overview, payload) => {
    overview.putDrift(payload.modelName, {
      modelVersion: payload.modelVersion,
      verdict: payload.verdict,
      windowEnd: payload.windowEnd,
      rows: payload.rows,
      scores: payload.scores,
    });
  }),
  on(DriftDetected, (overview) => overview.count('drift', 1)),
  on(PerformanceMeasured, (overview, payload) => {
    overview.putPerformance(payload.modelName, {
      version: payload.modelVersion,
      metrics: payload.metrics,
      labelled: payload.labelled,
      verdict: payload.verdict,
    });
  }),
  on(AlertFired, (overview, payload) => {
    overview.count('alerts', 1);
    overview.putAlert({
      alertId: payload.alertId,
      name: payload.name,
      severity: payload.severity,
      summary: payload.annotations['summary'] ?? payload.name,
      startsAt: payload.startsAt,
      acknowledgedBy: undefined,
    });
  }),
  on(AlertAcknowledged, (overview, payload) => {
    const alert = overview.alerts.get(payload.alertId);
    if (alert !== undefined) overview.putAlert({ ...alert, acknowledgedBy: payload.by });
  }),
  on(AlertResolved, (overview, payload) => {
    overview.removeAlert(payload.alertId);
  }),
]);

/** Applies one low-rate event to the overview and puts it on the timeline. An event that is on the timeline already changes nothing. */
export function foldEvent(overview: Overview, event: LedgerEvent): void {
  const text = describeEvent(event);
  if (text !== undefined) {
    const kind = event.type.split('.').at(-1) ?? event.type;
    if (!overview.addToTimeline({ eventId: event.id, at: event.time, kind, text })) return;
  }
  folds.get(event.type)?.(overview, event.payload as never);
}

/** Topics are read independently of each other, so the end of a rollout may arrive before its start. */
function changeRollout(
  overview: Overview,
  rollout: { readonly rolloutId: string; readonly modelName: string; readonly modelVersion: number },
  change: Partial<RolloutView>,
): void {
  const { rolloutId, modelName, modelVersion } = rollout;
  const current: RolloutView = overview.rollouts.get(rolloutId) ?? {
    rolloutId,
    modelName,
    version: modelVersion,
    baselineVersion: null,
    steps: [],
    percent: 0,
    state: 'running',
    verdict: undefined,
    evidence: [],
    reason: undefined,
    at: '',
  };
  overview.putRollout({ ...current, ...change });
}

function hasEnded(overview: Overview, rolloutId: string): boolean {
  return (overview.rollouts.get(rolloutId)?.state ?? 'running') !== 'running';
}
