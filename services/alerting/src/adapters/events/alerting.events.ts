import {
  DriftDetected,
  DriftMeasured,
  ModelLoaded,
  ModelLoadFailed,
  ModelTrained,
  PerformanceMeasured,
  RolloutPromoted,
  RolloutRolledBack,
  TrainingFailed,
  WindowValidated,
} from '@headrace/contracts';
import { On, type ReceivedEvent } from '@headrace/messaging';
import { Controller } from '@nestjs/common';
import { HandleEvent } from '../../application/handle-event.js';

@Controller()
export class AlertingEvents {
  constructor(private readonly handle: HandleEvent) {}

  @On(
    DriftDetected,
    DriftMeasured,
    PerformanceMeasured,
    RolloutPromoted,
    RolloutRolledBack,
    ModelLoaded,
    ModelLoadFailed,
    ModelTrained,
    TrainingFailed,
    WindowValidated,
  )
  onAlertableEvent(event: ReceivedEvent): Promise<void> {
    return this.handle.execute(event);
  }
}
