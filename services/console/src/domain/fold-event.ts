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
import { sentenceOf } from './sentence-of.js';

/** One low-rate event as the ledger keeps it. */
export interface LedgerEvent {
  readonly id: string;
  readonly type: string;
  readonly time: string;
  readonly payload: unknown;
}

type Fold = (overview: Overview, payload: never) => void;
const folds = new Map<string, Fold>();

function on<Definition extends EventDefinition>(
  definition: Definition,
  fold: (overview: Overview, payload: PayloadOf<Definition>) => void,
): void {
  folds.set(definition.type, fold);
}

/** Applies one low-rate event to the overview and puts it on the timeline. An event that is there already changes nothing. */
export function foldEvent(overview: Overview, event: LedgerEvent): void {
  const text = sentenceOf(event);
  if (text !== undefined) {
    const kind = event.type.split('.').at(-1) ?? event.type;
    if (!overview.note({ eventId: event.id, at: event.time, kind, text })) return;
  }
  folds.get(event.type)?.(overview, event.payload as never);
}

/** Events come from several topics, so that the end of a rollout may be known before its start. */
function changeRollout(
  overview: Overview,
  about: { readonly rolloutId: string; readonly modelName: string; readonly modelVersion: number },
  change: Partial<RolloutView>,
): void {
  const { rolloutId, modelName, modelVersion } = about;
  const known: RolloutView = overview.rollouts.get(rolloutId) ?? {
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
  overview.putRollout({ ...known, ...change });
}

function hasEnded(overview: Overview, rolloutId: string): boolean {
  return (overview.rollouts.get(rolloutId)?.state ?? 'running') !== 'running';
}

on(ModelTrained, (overview) => overview.count('models', 1));
on(ModelVersionCreated, (overview, fact) => {
  overview.putVersion({
    modelName: fact.modelName,
    version: fact.modelVersion,
    state: overview.versions.get(`${fact.modelName}/${fact.modelVersion}`)?.state ?? 'created',
    metrics: fact.metrics,
    at: fact.createdAt,
  });
});
on(AliasChanged, (overview, fact) => {
  if (fact.alias !== 'champion') return;
  for (const view of overview.versions.values()) {
    if (view.modelName === fact.modelName && view.state === 'champion') {
      overview.putVersion({ ...view, state: 'retired' });
    }
  }
  if (fact.modelVersion !== null) overview.setVersionState(fact.modelName, fact.modelVersion, 'champion');
});
on(VersionMarkedUnstable, (overview, fact) =>
  overview.setVersionState(fact.modelName, fact.modelVersion, 'unstable'),
);
on(RolloutStarted, (overview, fact) => {
  overview.count('rollouts', 1);
  changeRollout(overview, fact, {
    baselineVersion: fact.baselineVersion,
    steps: fact.steps,
    at: fact.startedAt,
  });
  if (overview.rollouts.get(fact.rolloutId)?.state === 'running') {
    overview.setVersionState(fact.modelName, fact.modelVersion, 'canary');
  }
});
on(TrafficShifted, (overview, fact) => {
  const canary = fact.weights.find((weight) => weight.arm === 'canary');
  const { rolloutId } = fact;
  if (canary !== undefined && rolloutId !== null && !hasEnded(overview, rolloutId)) {
    changeRollout(
      overview,
      { rolloutId, modelName: fact.modelName, modelVersion: canary.modelVersion },
      { percent: canary.percent },
    );
  }
});
on(StepJudged, (overview, fact) => {
  if (hasEnded(overview, fact.rolloutId)) return;
  changeRollout(overview, fact, {
    percent: fact.percent,
    verdict: fact.verdict,
    evidence: fact.evidence,
  });
});
on(RolloutPromoted, (overview, fact) =>
  changeRollout(overview, fact, {
    state: 'promoted',
    percent: 100,
    reason: fact.reason,
    evidence: fact.evidence,
  }),
);
on(RolloutRolledBack, (overview, fact) =>
  changeRollout(overview, fact, {
    state: 'rolled-back',
    percent: 0,
    reason: fact.reason,
    evidence: fact.evidence,
  }),
);
on(DriftMeasured, (overview, fact) => {
  overview.drift.set(fact.modelName, {
    modelVersion: fact.modelVersion,
    verdict: fact.verdict,
    windowEnd: fact.windowEnd,
    rows: fact.rows,
    scores: fact.scores,
  });
});
on(DriftDetected, (overview) => overview.count('drift', 1));
on(PerformanceMeasured, (overview, fact) => {
  overview.performance.set(fact.modelName, {
    version: fact.modelVersion,
    metrics: fact.metrics,
    labelled: fact.labelled,
    verdict: fact.verdict,
  });
});
on(AlertFired, (overview, fact) => {
  overview.count('alerts', 1);
  overview.alerts.set(fact.alertId, {
    alertId: fact.alertId,
    name: fact.name,
    severity: fact.severity,
    summary: fact.annotations['summary'] ?? fact.name,
    startsAt: fact.startsAt,
    acknowledgedBy: undefined,
  });
});
on(AlertAcknowledged, (overview, fact) => {
  const alert = overview.alerts.get(fact.alertId);
  if (alert !== undefined) overview.alerts.set(fact.alertId, { ...alert, acknowledgedBy: fact.by });
});
on(AlertResolved, (overview, fact) => {
  overview.alerts.delete(fact.alertId);
});
