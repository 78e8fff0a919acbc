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
import { CountEvidence } from '../../application/count-evidence.js';
import { RecordLoading } from '../../application/record-loading.js';
import { StartRollout } from '../../application/start-rollout.js';

@Controller()
export class RolloutEvents {
  constructor(
    private readonly startRollout: StartRollout,
    private readonly recordLoading: RecordLoading,
    private readonly countEvidence: CountEvidence,
  ) {}

  @On(ModelVersionCreated)
  async created({ id, payload }: ReceivedEvent<typeof ModelVersionCreated>): Promise<void> {
    const { modelName, modelVersion, digest, artifactKey, featureNames, validated } = payload;
    const version = { modelVersion, digest, artifactKey, featureNames, validated };
    await this.startRollout.created(modelName, version, id);
  }

  @On(ModelLoaded)
  async loaded({ id, payload }: ReceivedEvent<typeof ModelLoaded>): Promise<void> {
    await this.recordLoading.loaded(payload.modelName, payload.modelVersion, id);
  }

  @On(ModelLoadFailed)
  async refused({ id, payload }: ReceivedEvent<typeof ModelLoadFailed>): Promise<void> {
    await this.recordLoading.refused(
      payload.modelName,
      payload.modelVersion,
      `${payload.code}: ${payload.message}`,
      id,
    );
  }

  @OnBatch(PredictionMade)
  async predicted(events: readonly ReceivedEvent<typeof PredictionMade>[]): Promise<void> {
    await this.countEvidence.predictions(events);
  }

  @OnBatch(OutcomeObserved)
  async observed(events: readonly ReceivedEvent<typeof OutcomeObserved>[]): Promise<void> {
    await this.countEvidence.outcomes(events);
  }

  @On(DriftMeasured)
  async drifted({ payload }: ReceivedEvent<typeof DriftMeasured>): Promise<void> {
    await this.countEvidence.drift(payload);
  }
}
