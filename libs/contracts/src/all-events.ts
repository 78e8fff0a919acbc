import { type EventDefinition } from './define-event.js';
import { TelemetryReading } from './events/telemetry-reading.js';
import { ReadingAccepted } from './events/reading-accepted.js';
import { ReadingQuarantined } from './events/reading-quarantined.js';
import { WindowValidated } from './events/window-validated.js';
import { FeaturesComputed } from './events/features-computed.js';
import { OutcomeObserved } from './events/outcome-observed.js';
import { ParityMeasured } from './events/parity-measured.js';
import { TrainingRequested } from './events/training-requested.js';
import { TrialCompleted } from './events/trial-completed.js';
import { ModelTrained } from './events/model-trained.js';
import { TrainingFailed } from './events/training-failed.js';
import { ModelVersionCreated } from './events/model-version-created.js';
import { AliasChanged } from './events/alias-changed.js';
import { VersionMarkedUnstable } from './events/version-marked-unstable.js';
import { PredictionMade } from './events/prediction-made.js';
import { ModelLoaded } from './events/model-loaded.js';
import { ModelLoadFailed } from './events/model-load-failed.js';
import { RolloutStarted } from './events/rollout-started.js';
import { TrafficShifted } from './events/traffic-shifted.js';
import { StepJudged } from './events/step-judged.js';
import { RolloutPromoted } from './events/rollout-promoted.js';
import { RolloutRolledBack } from './events/rollout-rolled-back.js';
import { DriftMeasured } from './events/drift-measured.js';
import { DriftDetected } from './events/drift-detected.js';
import { PerformanceMeasured } from './events/performance-measured.js';
import { RetrainingRequested } from './events/retraining-requested.js';
import { AlertFired } from './events/alert-fired.js';
import { AlertResolved } from './events/alert-resolved.js';
import { AlertAcknowledged } from './events/alert-acknowledged.js';
import { NotificationSent } from './events/notification-sent.js';
import { NotificationFailed } from './events/notification-failed.js';

/** Every event of the platform. Topic provisioning, the AsyncAPI document and the golden samples are derived from it. */
export const allEvents: readonly EventDefinition[] = [
  TelemetryReading,
  ReadingAccepted,
  ReadingQuarantined,
  WindowValidated,
  FeaturesComputed,
  OutcomeObserved,
  ParityMeasured,
  TrainingRequested,
  TrialCompleted,
  ModelTrained,
  TrainingFailed,
  ModelVersionCreated,
  AliasChanged,
  VersionMarkedUnstable,
  PredictionMade,
  ModelLoaded,
  ModelLoadFailed,
  RolloutStarted,
  TrafficShifted,
  StepJudged,
  RolloutPromoted,
  RolloutRolledBack,
  DriftMeasured,
  DriftDetected,
  PerformanceMeasured,
  RetrainingRequested,
  AlertFired,
  AlertResolved,
  AlertAcknowledged,
  NotificationSent,
  NotificationFailed,
];
