import {
  AlertAcknowledged,
  AlertFired,
  AlertResolved,
  AliasChanged,
  DriftDetected,
  ModelLoadFailed,
  ModelTrained,
  ModelVersionCreated,
  NotificationFailed,
  RetrainingRequested,
  RolloutPromoted,
  RolloutRolledBack,
  RolloutStarted,
  StepJudged,
  TrafficShifted,
  TrainingFailed,
  TrainingRequested,
  TrialCompleted,
  VersionMarkedUnstable,
  type EventDefinition,
  type PayloadOf,
} from '@headrace/contracts';

type Describer = (payload: never) => string;

function on<Definition extends EventDefinition>(
  { type }: Definition,
  sentence: (payload: PayloadOf<Definition>) => string,
): readonly [string, Describer] {
  return [type, sentence];
}

const formatFigure = (value: number | null | undefined): string =>
  value === null || value === undefined ? 'no data' : value.toPrecision(3);
const listNames = (names: readonly string[]): string =>
  names.slice(0, 3).join(', ') + (names.length > 3 ? ` and ${names.length - 3} more` : '');

const descriptions: ReadonlyMap<string, Describer> = new Map([
  on(
    TrainingRequested,
    (payload) => `Training of ${payload.modelName} requested by ${payload.requestedBy}: ${payload.reason}`,
  ),
  on(
    TrainingFailed,
    (payload) => `Training of ${payload.modelName} failed at ${payload.step}: ${payload.message}`,
  ),
  on(TrialCompleted, (payload) => {
    const parameters = Object.entries(payload.parameters).map(([name, value]) => `${name} ${value}`);
    const end = {
      complete: `${payload.metric ?? 'objective'} ${formatFigure(payload.objective)}`,
      pruned: 'pruned',
      failed: `failed: ${payload.reason ?? 'no reason given'}`,
    }[payload.state];
    return `Trial ${payload.trial}${payload.modelName === undefined ? '' : ` of ${payload.modelName}`} with ${listNames(parameters)}: ${end}`;
  }),
  on(
    ModelTrained,
    (payload) =>
      `Trained on ${payload.trainingSet.rows} rows (${payload.trainingSet.positives} positive) by ${payload.library}: ROC AUC ${formatFigure(payload.metrics['roc_auc'])}, ${payload.validated ? 'validated' : 'validation not passed'}`,
  ),
  on(ModelVersionCreated, (payload) => `Version ${payload.modelVersion} of ${payload.modelName} registered`),
  on(
    AliasChanged,
    (payload) =>
      `${payload.alias} of ${payload.modelName} is ${payload.modelVersion === null ? 'nobody' : `version ${payload.modelVersion}`}`,
  ),
  on(
    VersionMarkedUnstable,
    (payload) => `Version ${payload.modelVersion} marked unstable: ${payload.reason}`,
  ),
  on(ModelLoadFailed, (payload) => `Version ${payload.modelVersion} could not be loaded: ${payload.message}`),
  on(
    RolloutStarted,
    (payload) =>
      `Rollout of version ${payload.modelVersion} started ${payload.baselineVersion === null ? 'without a champion to compare with' : `against version ${payload.baselineVersion}`}`,
  ),
  on(
    TrafficShifted,
    (payload) =>
      `Traffic: ${payload.weights.map((weight) => `v${weight.modelVersion} ${weight.percent} %`).join(', ')}`,
  ),
  on(StepJudged, (payload) => {
    const decisive = payload.evidence.find(({ verdict }) => verdict === payload.verdict);
    const because =
      decisive === undefined
        ? ''
        : ` (${decisive.criterion} ${formatFigure(decisive.value)} ${decisive.direction === 'at-most' ? '<=' : '>='} ${formatFigure(decisive.threshold)}? n=${decisive.sampleSize})`;
    return `Version ${payload.modelVersion} at ${payload.percent} %: ${payload.verdict}, ${payload.action}${because}`;
  }),
  on(RolloutPromoted, (payload) => `Version ${payload.modelVersion} promoted: ${payload.reason}`),
  on(RolloutRolledBack, (payload) => `Version ${payload.modelVersion} rolled back: ${payload.reason}`),
  on(DriftDetected, (payload) => {
    const worst = payload.evidence.find(({ verdict }) => verdict === 'degraded');
    const what =
      payload.features.length > 0
        ? listNames(payload.features)
        : worst === undefined
          ? `${payload.windowsInARow} windows in a row`
          : `${worst.criterion} ${formatFigure(worst.value)}, ${worst.direction} ${formatFigure(worst.threshold)} is allowed`;
    return `Drift (${payload.kind}) in version ${payload.modelVersion}: ${what}`;
  }),
  on(RetrainingRequested, (payload) => `Retraining of ${payload.modelName} requested: ${payload.reason}`),
  on(
    AlertFired,
    (payload) => `Alert ${payload.name} (${payload.severity}): ${payload.annotations['summary'] ?? ''}`,
  ),
  on(AlertAcknowledged, (payload) => `Alert taken over by ${payload.by}`),
  on(AlertResolved, (payload) => `Alert ${payload.name} resolved: ${payload.reason}`),
  on(NotificationFailed, (payload) => `Notification by ${payload.channel} failed: ${payload.message}`),
]);

/** One sentence about what happened; undefined for events that are not news by themselves. */
export function describeEvent(event: {
  readonly type: string;
  readonly payload: unknown;
}): string | undefined {
  return descriptions.get(event.type)?.(event.payload as never);
}
