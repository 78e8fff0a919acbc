import { FeaturesComputed } from '@headrace/contracts';
import { OnBatch, type ReceivedEvent } from '@headrace/messaging';
import { Controller } from '@nestjs/common';
import { ScoreFeatures } from '../../application/score-features.js';

@Controller()
export class FeaturesEvents {
  constructor(private readonly scoreFeatures: ScoreFeatures) {}

  @OnBatch(FeaturesComputed)
  onFeaturesComputed(events: readonly ReceivedEvent<typeof FeaturesComputed>[]): Promise<void> {
    return this.scoreFeatures.execute(events);
  }
}
