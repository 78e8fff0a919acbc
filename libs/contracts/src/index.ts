export { causedBy, type Cause } from './cause.js';
export { isAtOrBefore, type LogPosition, type PartitionPosition } from './log-position.js';
export {
  checkPayload,
  defineEvent,
  type EventDefinition,
  type EventOwner,
  type PayloadOf,
} from './define-event.js';
export { allEvents } from './all-events.js';
export { evidence, type Evidence } from './values.js';
export { TelemetryReading } from './events/telemetry-reading.js';
export { ReadingAccepted } from './events/reading-accepted.js';
export { ReadingQuarantined } from './events/reading-quarantined.js';
export { WindowValidated } from './events/window-validated.js';
export { FeaturesComputed } from './events/features-computed.js';
export { OutcomeObserved } from './events/outcome-observed.js';
export { ParityMeasured } from './events/parity-measured.js';
export { TrainingRequested } from './events/training-requested.js';
export { TrialCompleted } from './events/trial-completed.js';
export { ModelTrained } from './events/model-trained.js';
export { TrainingFailed } from './events/training-failed.js';
export { ModelVersionCreated } from './events/model-version-created.js';
export { AliasChanged, championAlias } from './events/alias-changed.js';
export { VersionMarkedUnstable } from './events/version-marked-unstable.js';
export { PredictionMade } from './events/prediction-made.js';
export { ModelLoaded } from './events/model-loaded.js';
export { ModelLoadFailed } from './events/model-load-failed.js';
export { RolloutStarted } from './events/rollout-started.js';
export { TrafficShifted } from './events/traffic-shifted.js';
export { StepJudged } from './events/step-judged.js';
export { RolloutPromoted } from './events/rollout-promoted.js';
export { RolloutRolledBack } from './events/rollout-rolled-back.js';
export { DriftMeasured, predictionColumn } from './events/drift-measured.js';
export { DriftDetected } from './events/drift-detected.js';
export { PerformanceMeasured } from './events/performance-measured.js';
export { RetrainingRequested } from './events/retraining-requested.js';
export { AlertFired } from './events/alert-fired.js';
export { AlertResolved } from './events/alert-resolved.js';
export { AlertAcknowledged } from './events/alert-acknowledged.js';
export { NotificationSent } from './events/notification-sent.js';
export { NotificationFailed } from './events/notification-failed.js';
