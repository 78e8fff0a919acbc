import { type PayloadOf, type PredictionMade } from '@headrace/contracts';
import { Clock } from '@headrace/kernel';
import { type ReceivedEvent } from '@headrace/messaging';
import { Injectable } from '@nestjs/common';
import { countPair, countPrediction, type StepStatistics } from '../domain/evidence/step-statistics.js';
import { withStatistics } from '../domain/rollout/delivery.js';
import { type Rollout } from '../domain/rollout/rollout.js';
import { DeliveryRepository, type DeliveryUnitOfWork, type WaitingScore } from './ports.js';

type Prediction = PayloadOf<typeof PredictionMade>;

/**
 * Adds predictions to the statistics of the rollout that they belong to. Each counts once, however often it is
 * delivered: the position up to which a partition is counted is stored with the statistics. The events of one call must
 * be of one partition and in order.
 */
@Injectable()
export class CountPredictions {
  constructor(
    private readonly deliveries: DeliveryRepository,
    private readonly clock: Clock,
  ) {}

  async execute(
    events: readonly Pick<ReceivedEvent<typeof PredictionMade>, 'payload' | 'position'>[],
  ): Promise<void> {
    const ofRollouts = events.filter(({ payload }) => payload.rolloutId !== null);
    if (ofRollouts.length === 0) return;
    await this.deliveries.change(async (unit) => {
      const active = new Set(await unit.findActiveModels());
      const relevant = ofRollouts.filter(({ payload }) => active.has(payload.modelName));
      if (relevant.length === 0) return;
      const uncounted = await unit.takeUncounted(relevant);
      for (const modelName of new Set(uncounted.map(({ payload }) => payload.modelName))) {
        await this.count(
          unit,
          modelName,
          uncounted.filter(({ payload }) => payload.modelName === modelName).map(({ payload }) => payload),
        );
      }
    });
  }

  private async count(
    unit: DeliveryUnitOfWork,
    modelName: string,
    predictions: readonly Prediction[],
  ): Promise<void> {
    const delivery = await unit.load(modelName);
    const rollout = delivery.active;
    if (rollout === undefined) return;
    const own = predictions.filter(({ rolloutId }) => rolloutId === rollout.rolloutId);
    if (own.length === 0) return;
    let { statistics } = rollout;
    for (const prediction of own) statistics = addPrediction(statistics, prediction, rollout);
    const waiting = own.flatMap((prediction) => toWaitingScore(prediction, rollout) ?? []);
    const room = rollout.policy.outcomes.mostWaiting - (await unit.countWaitingScores(rollout.rolloutId));
    await unit.addWaitingScores(waiting.slice(0, Math.max(0, room)));
    await unit.save(withStatistics(delivery, rollout, statistics), this.clock.now());
  }
}

function addPrediction(statistics: StepStatistics, prediction: Prediction, rollout: Rollout): StepStatistics {
  const scores = toScores(prediction);
  const paired =
    scores === undefined ? statistics : countPair(statistics, scores, rollout.policy.outcomes.threshold);
  // A prediction under an earlier split of the traffic is not evidence about this one.
  if (rollout.step < 0 || new Date(prediction.predictedAt) < new Date(rollout.stepStartedAt)) return paired;
  return countPrediction(paired, {
    arm: prediction.arm,
    failed: prediction.error !== undefined || prediction.probability === null,
    latencyMs: prediction.latencyMs,
    systemId: prediction.systemId ?? undefined,
  });
}

/** The scores of both arms; undefined when one of them gave none. */
function toScores(
  prediction: Prediction,
): { readonly baseline: number; readonly canary: number } | undefined {
  const other = prediction.shadow.find(({ arm }) => arm !== prediction.arm)?.probability ?? undefined;
  const own = prediction.probability ?? undefined;
  if (own === undefined || other === undefined) return undefined;
  return prediction.arm === 'canary' ? { canary: own, baseline: other } : { canary: other, baseline: own };
}

function toWaitingScore(prediction: Prediction, rollout: Rollout): WaitingScore | undefined {
  const scores = toScores(prediction);
  if (scores === undefined || prediction.systemId === null) return undefined;
  return {
    rolloutId: rollout.rolloutId,
    systemId: prediction.systemId,
    eventTime: new Date(prediction.eventTime),
    ...scores,
  };
}
