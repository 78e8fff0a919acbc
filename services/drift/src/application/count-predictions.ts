import { type PredictionMade } from '@headrace/contracts';
import { Clock } from '@headrace/kernel';
import { type ReceivedEvent } from '@headrace/messaging';
import { Injectable } from '@nestjs/common';
import { counted, isCounted, newWatch, openWindow } from '../domain/model-watch.js';
import { Policies } from './policies.js';
import { DriftStore } from './ports.js';
import { ReferenceProfiles } from './reference-profiles.js';

type Predictions = readonly ReceivedEvent<typeof PredictionMade>[];

/** Counts the champion's predictions into its window, and keeps every served one until its outcome is known. */
@Injectable()
export class CountPredictions {
  constructor(
    private readonly store: DriftStore,
    private readonly profiles: ReferenceProfiles,
    private readonly policies: Policies,
    private readonly clock: Clock,
  ) {}

  async execute(events: Predictions): Promise<void> {
    for (const modelName of new Set(events.map(({ payload }) => payload.modelName))) {
      await this.countFor(
        modelName,
        events.filter(({ payload }) => payload.modelName === modelName),
      );
    }
  }

  private async countFor(modelName: string, events: Predictions): Promise<void> {
    const reference = (await this.store.watch(modelName))?.champion?.reference;
    const loaded = await this.profiles.get(reference);
    const { policy } = this.policies.of(modelName);
    await this.store.inModel(modelName, async (unit) => {
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
        watch = { ...watch, window: window.state() };
      }
      await unit.addPredictions(
        fresh.flatMap(({ payload }) =>
          payload.systemId === null || payload.probability === null
            ? []
            : [{ ...payload, systemId: payload.systemId, probability: payload.probability }],
        ),
        policy.performance.label,
      );
      await unit.save({ ...watch, positions: counted(watch, events.at(-1)?.position) });
    });
  }
}
