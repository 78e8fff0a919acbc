import {
  DriftMeasured,
  ModelLoaded,
  ModelLoadFailed,
  ModelVersionCreated,
  OutcomeObserved,
  PredictionMade,
} from '@headrace/contracts';
import { On, OnBatch, type EventOf } from '@headrace/messaging';
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
  async created({ id, payload }: EventOf<typeof ModelVersionCreated>): Promise<void> {
    const { modelName, modelVersion, digest, artifactKey, featureNames, validated } = payload;
    const version = { modelVersion, digest, artifactKey, featureNames, validated };
    await this.startRollout.created(modelName, version, id);
  }

  @On(ModelLoaded)
  async loaded({ id, payload }: EventOf<typeof ModelLoaded>): Promise<void> {
    await this.recordLoading.loaded(payload.modelName, payload.modelVersion, id);
  }

  @On(ModelLoadFailed)
  async refused({ id, payload }: EventOf<typeof ModelLoadFailed>): Promise<void> {
    await this.recordLoading.refused(
      payload.modelName,
      payload.modelVersion,
      `${payload.code}: ${payload.message}`,
      id,
    );
  }

  @OnBatch(PredictionMade)
  async predicted(events: readonly EventOf<typeof PredictionMade>[]): Promise<void> {
    await this.countEvidence.predictions(events);
  }

  @OnBatch(OutcomeObserved)
  async observed(events: readonly EventOf<typeof OutcomeObserved>[]): Promise<void> {
    await this.countEvidence.outcomes(events);
  }

  @On(DriftMeasured)
  async drifted({ payload }: EventOf<typeof DriftMeasured>): Promise<void> {
    await this.countEvidence.drift(payload);
  }
}
