import { type DriftMeasured, type PayloadOf } from '@headrace/contracts';
import { Clock } from '@headrace/kernel';
import { Injectable } from '@nestjs/common';
import { countDrift } from '../domain/evidence/step-statistics.js';
import { withStatistics } from '../domain/rollout/delivery.js';
import { DeliveryRepository } from './ports.js';

/** The name under which `drift` scores what a model predicts. */
const predictionColumn = 'prediction';

/**
 * Adds a drift window of the candidate to the statistics of its rollout. Drift of another version is not evidence: when
 * the data has moved away from the champion, a version trained on the new data is the remedy and must not be held back.
 */
@Injectable()
export class CountDriftWindow {
  constructor(
    private readonly deliveries: DeliveryRepository,
    private readonly clock: Clock,
  ) {}

  async execute(measured: PayloadOf<typeof DriftMeasured>): Promise<void> {
    await this.deliveries.change(async (unit) => {
      const { modelName, modelVersion, driftId, rows, scores, windowEnd } = measured;
      if (!(await unit.findActiveModels()).includes(modelName)) return;
      const delivery = await unit.load(modelName);
      const rollout = delivery.active;
      if (rollout?.candidate.modelVersion !== modelVersion) return;
      if (new Date(windowEnd) < new Date(rollout.startedAt)) return;
      const score = scores.find(({ feature, method }) => feature === predictionColumn && method === 'psi');
      const window = {
        driftId,
        rows,
        psi: score?.value ?? undefined,
        pValue: score?.pValue ?? undefined,
      };
      const statistics = countDrift(rollout.statistics, window);
      if (statistics === rollout.statistics) return;
      await unit.save(withStatistics(delivery, rollout, statistics), this.clock.now());
    });
  }
}
