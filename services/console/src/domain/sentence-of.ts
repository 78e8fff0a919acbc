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

const sentences = new Map<string, (payload: never) => string>();

/** What happened, in one sentence for people; undefined for events that are no news by themselves. */
export function sentenceOf(event: { readonly type: string; readonly payload: unknown }): string | undefined {
  return sentences.get(event.type)?.(event.payload as never);
}

function say<Definition extends EventDefinition>(
  definition: Definition,
  sentence: (payload: PayloadOf<Definition>) => string,
): void {
  sentences.set(definition.type, sentence);
}

const figure = (value: number | null | undefined): string =>
  value === null || value === undefined ? 'no data' : value.toPrecision(3);
const some = (names: readonly string[]): string =>
  names.slice(0, 3).join(', ') + (names.length > 3 ? ` and ${names.length - 3} more` : '');

say(
  TrainingRequested,
  (fact) => `Training of ${fact.modelName} requested by ${fact.requestedBy}: ${fact.reason}`,
);
say(TrainingFailed, (fact) => `Training of ${fact.modelName} failed at ${fact.step}: ${fact.message}`);
say(TrialCompleted, (fact) => {
  const parameters = Object.entries(fact.parameters).map(([name, value]) => `${name} ${value}`);
  const end = {
    complete: `${fact.metric ?? 'objective'} ${figure(fact.objective)}`,
    pruned: 'pruned',
    failed: `failed: ${fact.reason ?? 'no reason given'}`,
  }[fact.state];
  return `Trial ${fact.trial}${fact.modelName === undefined ? '' : ` of ${fact.modelName}`} with ${some(parameters)}: ${end}`;
});
say(
  ModelTrained,
  (fact) =>
    `Trained on ${fact.trainingSet.rows} rows (${fact.trainingSet.positives} positive) by ${fact.library}: ROC AUC ${figure(fact.metrics['roc_auc'])}, ${fact.validated ? 'validated' : 'validation not passed'}`,
);
say(ModelVersionCreated, (fact) => `Version ${fact.modelVersion} of ${fact.modelName} registered`);
say(
  AliasChanged,
  (fact) =>
    `${fact.alias} of ${fact.modelName} is ${fact.modelVersion === null ? 'nobody' : `version ${fact.modelVersion}`}`,
);
say(VersionMarkedUnstable, (fact) => `Version ${fact.modelVersion} marked unstable: ${fact.reason}`);
say(ModelLoadFailed, (fact) => `Version ${fact.modelVersion} could not be loaded: ${fact.message}`);
say(
  RolloutStarted,
  (fact) =>
    `Rollout of version ${fact.modelVersion} started ${fact.baselineVersion === null ? 'without a champion to compare with' : `against version ${fact.baselineVersion}`}`,
);
say(
  TrafficShifted,
  (fact) =>
    `Traffic: ${fact.weights.map((weight) => `v${weight.modelVersion} ${weight.percent} %`).join(', ')}`,
);
say(StepJudged, (fact) => {
  const decisive = fact.evidence.find(({ verdict }) => verdict === fact.verdict);
  const because =
    decisive === undefined
      ? ''
      : ` (${decisive.criterion} ${figure(decisive.value)} ${decisive.direction === 'at-most' ? '<=' : '>='} ${figure(decisive.threshold)}? n=${decisive.sampleSize})`;
  return `Version ${fact.modelVersion} at ${fact.percent} %: ${fact.verdict}, ${fact.action}${because}`;
});
say(RolloutPromoted, (fact) => `Version ${fact.modelVersion} promoted: ${fact.reason}`);
say(RolloutRolledBack, (fact) => `Version ${fact.modelVersion} rolled back: ${fact.reason}`);
say(DriftDetected, (fact) => {
  const worst = fact.evidence.find(({ verdict }) => verdict === 'degraded');
  const what =
    fact.features.length > 0
      ? some(fact.features)
      : worst === undefined
        ? `${fact.windowsInARow} windows in a row`
        : `${worst.criterion} ${figure(worst.value)}, ${worst.direction} ${figure(worst.threshold)} is allowed`;
  return `Drift (${fact.kind}) in version ${fact.modelVersion}: ${what}`;
});
say(RetrainingRequested, (fact) => `Retraining of ${fact.modelName} requested: ${fact.reason}`);
say(AlertFired, (fact) => `Alert ${fact.name} (${fact.severity}): ${fact.annotations['summary'] ?? ''}`);
say(AlertAcknowledged, (fact) => `Alert taken over by ${fact.by}`);
say(AlertResolved, (fact) => `Alert ${fact.name} resolved: ${fact.reason}`);
say(NotificationFailed, (fact) => `Notification by ${fact.channel} failed: ${fact.message}`);
