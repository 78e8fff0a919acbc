import {
  AlertAcknowledged,
  AlertFired,
  AlertResolved,
  AliasChanged,
  DriftDetected,
  DriftMeasured,
  ModelLoadFailed,
  ModelTrained,
  ModelVersionCreated,
  NotificationFailed,
  PerformanceMeasured,
  RetrainingRequested,
  RolloutPromoted,
  RolloutRolledBack,
  RolloutStarted,
  StepJudged,
  TrafficShifted,
  TrainingFailed,
  TrainingRequested,
  VersionMarkedUnstable,
  type EventDefinition,
  type PayloadOf,
} from '@headrace/contracts';
import { type Overview } from './overview.js';

/** One low-rate event as the ledger keeps it. */
export interface LedgerEvent {
  readonly id: string;
  readonly type: string;
  readonly time: string;
  readonly payload: unknown;
}

type Fold = (overview: Overview, payload: never, event: LedgerEvent) => void;
const folds = new Map<string, Fold>();

function on<Definition extends EventDefinition>(
  definition: Definition,
  fold: (overview: Overview, payload: PayloadOf<Definition>, event: LedgerEvent) => void,
): void {
  folds.set(definition.type, fold as Fold);
}

/** Applies one low-rate event to the overview. Events without a place on the page change nothing. */
export function foldEvent(overview: Overview, event: LedgerEvent): void {
  folds.get(event.type)?.(overview, event.payload as never, event);
}

const say = (overview: Overview, event: LedgerEvent, text: string): boolean =>
  overview.note({
    eventId: event.id,
    at: event.time,
    kind: event.type.split('.').at(-1) ?? event.type,
    text,
  });

const number = (value: number | null | undefined): string =>
  value === null || value === undefined ? 'no data' : value.toPrecision(3);

on(TrainingRequested, (overview, payload, event) => {
  say(
    overview,
    event,
    `Training of ${payload.modelName} requested by ${payload.requestedBy}: ${payload.reason}`,
  );
});
on(TrainingFailed, (overview, payload, event) => {
  say(overview, event, `Training of ${payload.modelName} failed at ${payload.step}: ${payload.message}`);
});
on(ModelTrained, (overview, payload, event) => {
  if (
    !say(
      overview,
      event,
      `Trained on ${payload.trainingSet.rows} rows, ROC AUC ${number(payload.metrics['roc_auc'])}, ${payload.validated ? 'validated' : 'validation not passed'}`,
    )
  )
    return;
  overview.count('models', 1);
});
on(ModelVersionCreated, (overview, payload, event) => {
  say(overview, event, `Version ${payload.modelVersion} of ${payload.modelName} registered`);
  const known = overview.versions.get(`${payload.modelName}/${payload.modelVersion}`);
  overview.putVersion({
    modelName: payload.modelName,
    version: payload.modelVersion,
    state: known?.state ?? 'created',
    metrics: payload.metrics,
    at: payload.createdAt,
  });
});
on(AliasChanged, (overview, payload, event) => {
  say(
    overview,
    event,
    `${payload.alias} of ${payload.modelName}: ${payload.modelVersion === null ? 'none' : `version ${payload.modelVersion}`}`,
  );
  if (payload.alias !== 'champion') return;
  for (const view of overview.versions.values()) {
    if (view.modelName === payload.modelName && view.state === 'champion')
      overview.putVersion({ ...view, state: 'retired' });
  }
  if (payload.modelVersion !== null)
    overview.setVersionState(payload.modelName, payload.modelVersion, 'champion');
});
on(VersionMarkedUnstable, (overview, payload, event) => {
  say(overview, event, `Version ${payload.modelVersion} marked unstable: ${payload.reason}`);
  overview.setVersionState(payload.modelName, payload.modelVersion, 'unstable');
});
on(ModelLoadFailed, (overview, payload, event) => {
  say(overview, event, `Version ${payload.modelVersion} could not be loaded: ${payload.message}`);
});
on(RolloutStarted, (overview, payload, event) => {
  if (!say(overview, event, `Rollout of version ${payload.modelVersion} started`)) return;
  overview.count('rollouts', 1);
  overview.putRollout({
    rolloutId: payload.rolloutId,
    modelName: payload.modelName,
    version: payload.modelVersion,
    baselineVersion: payload.baselineVersion,
    steps: payload.steps,
    percent: 0,
    state: 'running',
    verdict: undefined,
    evidence: [],
    reason: undefined,
    at: payload.startedAt,
  });
  overview.setVersionState(payload.modelName, payload.modelVersion, 'canary');
});
on(TrafficShifted, (overview, payload, event) => {
  const canary = payload.weights.find((weight) => weight.arm === 'canary');
  say(
    overview,
    event,
    `Traffic: ${payload.weights.map((weight) => `v${weight.modelVersion} ${weight.percent} %`).join(', ')}`,
  );
  const rollout = payload.rolloutId === null ? undefined : overview.rollouts.get(payload.rolloutId);
  if (rollout !== undefined && canary !== undefined)
    overview.putRollout({ ...rollout, percent: canary.percent });
});
on(StepJudged, (overview, payload, event) => {
  say(
    overview,
    event,
    `Version ${payload.modelVersion} at ${payload.percent} %: ${payload.verdict}, ${payload.action}`,
  );
  const rollout = overview.rollouts.get(payload.rolloutId);
  if (rollout !== undefined)
    overview.putRollout({
      ...rollout,
      percent: payload.percent,
      verdict: payload.verdict,
      evidence: payload.evidence,
    });
});
on(RolloutPromoted, (overview, payload, event) => {
  say(overview, event, `Version ${payload.modelVersion} promoted: ${payload.reason}`);
  const rollout = overview.rollouts.get(payload.rolloutId);
  if (rollout !== undefined)
    overview.putRollout({
      ...rollout,
      state: 'promoted',
      percent: 100,
      reason: payload.reason,
      evidence: payload.evidence,
    });
});
on(RolloutRolledBack, (overview, payload, event) => {
  say(overview, event, `Version ${payload.modelVersion} rolled back: ${payload.reason}`);
  const rollout = overview.rollouts.get(payload.rolloutId);
  if (rollout !== undefined)
    overview.putRollout({
      ...rollout,
      state: 'rolled-back',
      percent: 0,
      reason: payload.reason,
      evidence: payload.evidence,
    });
});
on(DriftMeasured, (overview, payload) => {
  overview.drift.set(payload.modelName, {
    modelVersion: payload.modelVersion,
    verdict: payload.verdict,
    windowEnd: payload.windowEnd,
    rows: payload.rows,
    scores: payload.scores,
  });
});
on(DriftDetected, (overview, payload, event) => {
  if (
    say(
      overview,
      event,
      `Drift (${payload.kind}) of ${payload.features.slice(0, 3).join(', ')}${payload.features.length > 3 ? ` and ${payload.features.length - 3} more` : ''}`,
    )
  )
    overview.count('drift', 1);
});
on(PerformanceMeasured, (overview, payload) => {
  overview.performance.set(payload.modelName, {
    version: payload.modelVersion,
    metrics: payload.metrics,
    labelled: payload.labelled,
    verdict: payload.verdict,
  });
});
on(RetrainingRequested, (overview, payload, event) => {
  say(overview, event, `Retraining of ${payload.modelName} requested: ${payload.reason}`);
});
on(AlertFired, (overview, payload, event) => {
  if (!say(overview, event, `Alert ${payload.name} (${payload.severity})`)) return;
  overview.count('alerts', 1);
  overview.alerts.set(payload.alertId, {
    alertId: payload.alertId,
    name: payload.name,
    severity: payload.severity,
    summary: payload.annotations['summary'] ?? payload.name,
    startsAt: payload.startsAt,
    acknowledgedBy: undefined,
  });
});
on(AlertAcknowledged, (overview, payload, event) => {
  say(overview, event, `Alert taken over by ${payload.by}`);
  const alert = overview.alerts.get(payload.alertId);
  if (alert !== undefined) overview.alerts.set(payload.alertId, { ...alert, acknowledgedBy: payload.by });
});
on(AlertResolved, (overview, payload, event) => {
  say(overview, event, `Alert ${payload.name} resolved: ${payload.reason}`);
  overview.alerts.delete(payload.alertId);
});
on(NotificationFailed, (overview, payload, event) => {
  say(overview, event, `Notification by ${payload.channel} failed: ${payload.message}`);
});
