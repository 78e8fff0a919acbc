import {
  AliasChanged,
  FeaturesComputed,
  OutcomeObserved,
  PredictionMade,
  RolloutPromoted,
  RolloutRolledBack,
  TrainingFailed,
  WindowValidated,
} from '@headrace/contracts';
import { type EventOf, On, OnBatch } from '@headrace/messaging';
import { Controller } from '@nestjs/common';
import { CountFeatures } from '../../application/count-features.js';
import { CountPredictions } from '../../application/count-predictions.js';
import { FollowChampion } from '../../application/follow-champion.js';
import { RecordAnswer } from '../../application/record-answer.js';
import { RecordOutcomes } from '../../application/record-outcomes.js';
import { RecordValidation } from '../../application/record-validation.js';

@Controller()
export class DriftEvents {
  constructor(
    private readonly champion: FollowChampion,
    private readonly features: CountFeatures,
    private readonly predictions: CountPredictions,
    private readonly outcomes: RecordOutcomes,
    private readonly validation: RecordValidation,
    private readonly answers: RecordAnswer,
  ) {}

  @On(AliasChanged)
  onAlias(event: EventOf<typeof AliasChanged>): Promise<void> {
    return this.champion.execute(event);
  }

  @OnBatch(FeaturesComputed)
  onFeatures(events: readonly EventOf<typeof FeaturesComputed>[]): Promise<void> {
    return this.features.execute(events);
  }

  @OnBatch(PredictionMade)
  onPredictions(events: readonly EventOf<typeof PredictionMade>[]): Promise<void> {
    return this.predictions.execute(events);
  }

  @OnBatch(OutcomeObserved)
  onOutcomes(events: readonly EventOf<typeof OutcomeObserved>[]): Promise<void> {
    return this.outcomes.execute(events);
  }

  @On(RolloutPromoted, RolloutRolledBack, TrainingFailed)
  onAnswer(
    event: EventOf<typeof RolloutPromoted | typeof RolloutRolledBack | typeof TrainingFailed>,
  ): Promise<void> {
    return this.answers.execute(event);
  }

  @On(WindowValidated)
  onWindow(event: EventOf<typeof WindowValidated>): Promise<void> {
    return this.validation.execute(event);
  }
}
