import { type PredictionMade } from '@headrace/contracts';
import { Clock } from '@headrace/kernel';
import { type ReceivedEvent } from '@headrace/messaging';
import { Injectable } from '@nestjs/common';
import { advancePositions, isCounted, newWatch, openWindow } from '../domain/model-watch.js';
import { DriftPolicies } from './drift-policies.js';
import { DriftRepository } from './ports.js';
import { ReferenceProfiles } from './reference-profiles.js';

type Predictions = readonly ReceivedEvent<typeof PredictionMade>[];

/** Counts the champion's predictions into its window, and stores every served prediction until its outcome is known. */
@Injectable()
export class CountPredictions {
  constructor(
    private readonly repository: DriftRepository,
    private readonly profiles: ReferenceProfiles,
    private readonly policies: DriftPolicies,
    private readonly clock: Clock,
  ) {}

  async execute(events: Predictions): Promise<void> {
    for (const modelName of new Set(events.map(({ payload }) => payload.modelName))) {
      await this.countForModel(
        modelName,
        events.filter(({ payload }) => payload.modelName === modelName),
      );
    }
  }

  private async countForModel(modelName: string, events: Predictions): Promise<void> {
    const reference = (await this.repository.findWatch(modelName))?.champion?.reference;
    const loaded = await this.profiles.get(reference);
    const { value: policy } = this.policies.findFor(modelName);
    await this.repository.change(modelName, async (unit) => {
      let watch = unit.watch ?? newWatch(modelName, this.clock.now());
      const { champion } = watch;
      const fresh = events.filter(({ position }) => !isCounted(watch, position));
      if (loaded.kind === 'loaded' && champion?.reference?.digest === reference?.digest) {
        const window = openWindow(watch, loaded.profile);
        for (const { id, payload } of fresh) {
          if (payload.modelVersion !== champion?.version || payload.probability === null) continue;
          window.countPrediction({
            id,
            systemId: payload.systemId ?? undefined,
            probability: payload.probability,
          });
        }
        watch = { ...watch, window: window.toState() };
      }
      await unit.addPredictions(
        fresh.flatMap(({ payload }) =>
          payload.systemId === null || payload.probability === null
            ? []
            : [{ ...payload, systemId: payload.systemId, probability: payload.probability }],
        ),
        policy.performance.label,
      );
      await unit.save({ ...watch, positions: advancePositions(watch, events.at(-1)?.position) });
    });
  }
}
