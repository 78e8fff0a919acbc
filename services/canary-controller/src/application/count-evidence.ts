import {
  type DriftMeasured,
  type OutcomeObserved,
  type PayloadOf,
  predictionColumn,
  type PredictionMade,
} from '@headrace/contracts';
import { Injectable } from '@nestjs/common';
import { Clock } from '@headrace/kernel';
import { type Rollout } from '../domain/rollout/rollout.js';
import {
  countDrift,
  countOutcome,
  countPair,
  countPrediction,
  type StepStatistics,
} from '../domain/evidence/step-statistics.js';
import {
  DeliveryRepository,
  type DeliveryUnitOfWork,
  type FactPosition,
  type WaitingScore,
} from './ports.js';

interface Fact<Payload> {
  readonly payload: Payload;
  readonly position: FactPosition;
}
type Prediction = PayloadOf<typeof PredictionMade>;
type Outcome = PayloadOf<typeof OutcomeObserved>;
type Drift = PayloadOf<typeof DriftMeasured>;

/**
 * Adds predictions, outcomes and drift to the statistics of the rollout that they belong to. Each fact counts once, however
 * often it is delivered: how far a partition was counted is stored with the statistics. Facts come in order per
 * partition.
 */
@Injectable()
export class CountEvidence {
  constructor(
    private readonly deliveries: DeliveryRepository,
    private readonly clock: Clock,
  ) {}

  async predictions(facts: readonly Fact<Prediction>[]): Promise<void> {
    const ofRollouts = facts.filter(({ payload }) => payload.rolloutId !== null);
    if (ofRollouts.length === 0) return;
    await this.deliveries.change(async (store) => {
      const active = new Set(await store.activeModels());
      const relevant = ofRollouts.filter(({ payload }) => active.has(payload.modelName));
      if (relevant.length === 0) return;
      const fresh = await store.notCounted(relevant);
      for (const modelName of new Set(fresh.map(({ payload }) => payload.modelName))) {
        await this.count(
          store,
          modelName,
          fresh.filter(({ payload }) => payload.modelName === modelName).map(({ payload }) => payload),
        );
      }
    });
  }

  async outcomes(facts: readonly Fact<Outcome>[]): Promise<void> {
    await this.deliveries.change(async (store) => {
      const models = await store.activeModels();
      if (models.length === 0) return;
      // Taking a waiting score is what counts an outcome once: a second delivery finds none.
      for (const modelName of models) {
        const delivery = await store.load(modelName);
        const rollout = delivery.active;
        if (rollout === undefined) continue;
        const { label, threshold, costs } = rollout.policy.outcomes;
        const ofLabel = facts.filter(({ payload }) => payload.label === label);
        if (ofLabel.length === 0) continue;
        const truths = new Map(
          ofLabel.map(({ payload }) => [
            rowKey(payload.systemId, new Date(payload.eventTime)),
            payload.value,
          ]),
        );
        const taken = await store.takeWaiting(
          rollout.rolloutId,
          ofLabel.map(({ payload }) => ({
            systemId: payload.systemId,
            eventTime: new Date(payload.eventTime),
          })),
        );
        let statistics = rollout.statistics;
        for (const score of taken) {
          const happened = (truths.get(rowKey(score.systemId, score.eventTime)) ?? 0) >= 0.5;
          statistics = countOutcome(statistics, { ...score, happened }, threshold, costs);
        }
        if (statistics !== rollout.statistics) {
          await store.save(
            { delivery: { ...delivery, active: { ...rollout, statistics } }, statements: [] },
            this.clock.now(),
          );
        }
      }
    });
  }

  /**
   * A window of drift of the version on its way. Drift of another version is no evidence: when the world has moved away
   * from the champion, a version that was trained on the new world is the remedy and must not be held for it.
   */
  async drift(measured: Drift): Promise<void> {
    await this.deliveries.change(async (store) => {
      const { modelName, modelVersion, driftId, rows, scores, windowEnd } = measured;
      if (!(await store.activeModels()).includes(modelName)) return;
      const delivery = await store.load(modelName);
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
      await store.save(
        { delivery: { ...delivery, active: { ...rollout, statistics } }, statements: [] },
        this.clock.now(),
      );
    });
  }

  private async count(
    store: DeliveryUnitOfWork,
    modelName: string,
    predictions: readonly Prediction[],
  ): Promise<void> {
    const delivery = await store.load(modelName);
    const rollout = delivery.active;
    if (rollout === undefined) return;
    const own = predictions.filter(({ rolloutId }) => rolloutId === rollout.rolloutId);
    if (own.length === 0) return;
    let { statistics } = rollout;
    for (const prediction of own) statistics = counted(statistics, prediction, rollout);
    const waiting = own.flatMap((prediction) => waitingScoreOf(prediction, rollout));
    const room = rollout.policy.outcomes.mostWaiting - (await store.waitingCount(rollout.rolloutId));
    await store.addWaiting(waiting.slice(0, Math.max(0, room)));
    await store.save(
      { delivery: { ...delivery, active: { ...rollout, statistics } }, statements: [] },
      this.clock.now(),
    );
  }
}

function counted(statistics: StepStatistics, prediction: Prediction, rollout: Rollout): StepStatistics {
  const scores = scoresOf(prediction);
  const paired =
    scores === undefined ? statistics : countPair(statistics, scores, rollout.policy.outcomes.threshold);
  // What was predicted under an earlier division says nothing about this one.
  if (rollout.step < 0 || new Date(prediction.predictedAt) < new Date(rollout.stepStartedAt)) return paired;
  return countPrediction(paired, {
    arm: prediction.arm,
    failed: prediction.error !== undefined || prediction.probability === null,
    latencyMs: prediction.latencyMs,
    systemId: prediction.systemId ?? undefined,
  });
}

/** What both arms said of the row; undefined when one of them did not say anything. */
function scoresOf(
  prediction: Prediction,
): { readonly baseline: number; readonly canary: number } | undefined {
  const other = prediction.shadow.find(({ arm }) => arm !== prediction.arm)?.probability ?? undefined;
  const own = prediction.probability ?? undefined;
  if (own === undefined || other === undefined) return undefined;
  return prediction.arm === 'canary' ? { canary: own, baseline: other } : { canary: other, baseline: own };
}

function waitingScoreOf(prediction: Prediction, rollout: Rollout): readonly WaitingScore[] {
  const scores = scoresOf(prediction);
  if (scores === undefined || prediction.systemId === null) return [];
  return [
    {
      rolloutId: rollout.rolloutId,
      systemId: prediction.systemId,
      eventTime: new Date(prediction.eventTime),
      ...scores,
    },
  ];
}

function rowKey(systemId: string, eventTime: Date): string {
  return `${eventTime.getTime()}/${systemId}`;
}
