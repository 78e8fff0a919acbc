import {
  AliasChanged,
  FeaturesComputed,
  ModelTrained,
  OutcomeObserved,
  PredictionMade,
  RolloutPromoted,
  RolloutRolledBack,
  RolloutStarted,
  TrainingFailed,
  TrainingRequested,
  WindowValidated,
} from '@headrace/contracts';
import { type ReceivedEvent, On, OnBatch } from '@headrace/messaging';
import { Controller } from '@nestjs/common';
import { CountFeatures } from '../../application/count-features.js';
import { CountPredictions } from '../../application/count-predictions.js';
import { FollowChampion } from '../../application/follow-champion.js';
import { RecordOutcomes } from '../../application/record-outcomes.js';
import { RecordProgress } from '../../application/record-progress.js';
import { RecordValidation } from '../../application/record-validation.js';

@Controller()
export class DriftEvents {
  constructor(
    private readonly champion: FollowChampion,
    private readonly features: CountFeatures,
    private readonly predictions: CountPredictions,
    private readonly outcomes: RecordOutcomes,
    private readonly validation: RecordValidation,
    private readonly progress: RecordProgress,
  ) {}

  @On(AliasChanged)
  onAliasChanged(event: ReceivedEvent<typeof AliasChanged>): Promise<void> {
    return this.champion.execute(event);
  }

  @OnBatch(FeaturesComputed)
  onFeaturesComputed(events: readonly ReceivedEvent<typeof FeaturesComputed>[]): Promise<void> {
    return this.features.execute(events);
  }

  @OnBatch(PredictionMade)
  onPredictionMade(events: readonly ReceivedEvent<typeof PredictionMade>[]): Promise<void> {
    return this.predictions.execute(events);
  }

  @OnBatch(OutcomeObserved)
  onOutcomeObserved(events: readonly ReceivedEvent<typeof OutcomeObserved>[]): Promise<void> {
    return this.outcomes.execute(events);
  }

  @On(TrainingRequested)
  onTrainingRequested({ payload }: ReceivedEvent<typeof TrainingRequested>): Promise<void> {
    return this.progress.execute(payload.modelName, 'trainingBegan', payload.requestedAt);
  }

  @On(ModelTrained)
  onModelTrained({ payload }: ReceivedEvent<typeof ModelTrained>): Promise<void> {
    return this.progress.execute(payload.modelName, 'trained', payload.finishedAt);
  }

  @On(TrainingFailed)
  onTrainingFailed({ payload }: ReceivedEvent<typeof TrainingFailed>): Promise<void> {
    return this.progress.execute(payload.modelName, 'trainingFailed', payload.failedAt);
  }

  @On(RolloutStarted)
  onRolloutStarted({ payload }: ReceivedEvent<typeof RolloutStarted>): Promise<void> {
    return this.progress.execute(payload.modelName, 'rolloutBegan', payload.startedAt);
  }

  @On(RolloutPromoted)
  onRolloutPromoted({ payload }: ReceivedEvent<typeof RolloutPromoted>): Promise<void> {
    return this.progress.execute(payload.modelName, 'rolloutEnded', payload.promotedAt);
  }

  @On(RolloutRolledBack)
  onRolloutRolledBack({ payload }: ReceivedEvent<typeof RolloutRolledBack>): Promise<void> {
    return this.progress.execute(payload.modelName, 'rolloutEnded', payload.rolledBackAt);
  }

  @On(WindowValidated)
  onWindowValidated(event: ReceivedEvent<typeof WindowValidated>): Promise<void> {
    return this.validation.execute(event);
  }
}
