import {
  DriftMeasured,
  ModelLoaded,
  ModelLoadFailed,
  ModelVersionCreated,
  OutcomeObserved,
  PredictionMade,
} from '@headrace/contracts';
import { On, OnBatch, type ReceivedEvent } from '@headrace/messaging';
import { Controller } from '@nestjs/common';
import { CountDriftWindow } from '../../application/count-drift-window.js';
import { CountOutcomes } from '../../application/count-outcomes.js';
import { CountPredictions } from '../../application/count-predictions.js';
import { RecordLoadResult } from '../../application/record-load-result.js';
import { RollOutNewVersion } from '../../application/roll-out-new-version.js';

@Controller()
export class RolloutEvents {
  constructor(
    private readonly rollOutNewVersion: RollOutNewVersion,
    private readonly recordLoadResult: RecordLoadResult,
    private readonly countPredictions: CountPredictions,
    private readonly countOutcomes: CountOutcomes,
    private readonly countDriftWindow: CountDriftWindow,
  ) {}

  @On(ModelVersionCreated)
  async onModelVersionCreated({ id, payload }: ReceivedEvent<typeof ModelVersionCreated>): Promise<void> {
    const { modelName, modelVersion, digest, artifactKey, featureNames, validated } = payload;
    const version = { modelVersion, digest, artifactKey, featureNames, validated };
    await this.rollOutNewVersion.execute(modelName, version, id);
  }

  @On(ModelLoaded)
  async onModelLoaded({ id, payload }: ReceivedEvent<typeof ModelLoaded>): Promise<void> {
    const { modelName, modelVersion } = payload;
    await this.recordLoadResult.execute(modelName, modelVersion, { outcome: 'loaded' }, id);
  }

  @On(ModelLoadFailed)
  async onModelLoadFailed({ id, payload }: ReceivedEvent<typeof ModelLoadFailed>): Promise<void> {
    const { modelName, modelVersion, code, message } = payload;
    const result = { outcome: 'failed', message: `${code}: ${message}` } as const;
    await this.recordLoadResult.execute(modelName, modelVersion, result, id);
  }

  @OnBatch(PredictionMade)
  async onPredictionMade(events: readonly ReceivedEvent<typeof PredictionMade>[]): Promise<void> {
    await this.countPredictions.execute(events);
  }

  @OnBatch(OutcomeObserved)
  async onOutcomeObserved(events: readonly ReceivedEvent<typeof OutcomeObserved>[]): Promise<void> {
    await this.countOutcomes.execute(events);
  }

  @On(DriftMeasured)
  async onDriftMeasured({ payload }: ReceivedEvent<typeof DriftMeasured>): Promise<void> {
    await this.countDriftWindow.execute(payload);
  }
}
