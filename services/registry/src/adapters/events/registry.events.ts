import {
  ModelTrained,
  RolloutPromoted,
  RolloutRolledBack,
  TrainingFailed,
  TrialCompleted,
} from '@headrace/contracts';
import { On, type ReceivedEvent } from '@headrace/messaging';
import { Controller } from '@nestjs/common';
import { MarkVersionUnstable } from '../../application/mark-version-unstable.js';
import { MoveAlias } from '../../application/move-alias.js';
import { RecordFailedTraining } from '../../application/record-failed-training.js';
import { RecordTrial } from '../../application/record-trial.js';
import { RegisterTrainedModel } from '../../application/register-trained-model.js';
import { championAlias } from '../../domain/champion-policy.js';

@Controller()
export class RegistryEvents {
  constructor(
    private readonly registerTrainedModel: RegisterTrainedModel,
    private readonly recordTrial: RecordTrial,
    private readonly recordFailedTraining: RecordFailedTraining,
    private readonly moveAlias: MoveAlias,
    private readonly markVersionUnstable: MarkVersionUnstable,
  ) {}

  @On(ModelTrained)
  onModelTrained(event: ReceivedEvent<typeof ModelTrained>): Promise<void> {
    return this.registerTrainedModel.execute(event);
  }

  @On(TrialCompleted)
  onTrialCompleted(event: ReceivedEvent<typeof TrialCompleted>): Promise<void> {
    return this.recordTrial.execute(event);
  }

  @On(TrainingFailed)
  onTrainingFailed(event: ReceivedEvent<typeof TrainingFailed>): Promise<void> {
    return this.recordFailedTraining.execute(event);
  }

  @On(RolloutPromoted)
  onRolloutPromoted(event: ReceivedEvent<typeof RolloutPromoted>): Promise<void> {
    const { modelName, modelVersion: version, reason, rolloutId } = event.payload;
    return this.moveAlias.execute({
      modelName,
      alias: championAlias,
      version,
      reason,
      rolloutId,
      by: 'rollout',
      cause: event,
    });
  }

  @On(RolloutRolledBack)
  async onRolloutRolledBack(event: ReceivedEvent<typeof RolloutRolledBack>): Promise<void> {
    const { modelName, modelVersion: version, reason, rolloutId, restoredVersion } = event.payload;
    await this.markVersionUnstable.execute({ modelName, version, reason, rolloutId, cause: event });
    if (restoredVersion === null) return;
    // If the version was already promoted, it is still champion, and the restored version replaces it.
    await this.moveAlias.execute({
      modelName,
      alias: championAlias,
      version: restoredVersion,
      onlyFrom: version,
      reason,
      rolloutId,
      by: 'rollout',
      cause: event,
    });
  }
}
