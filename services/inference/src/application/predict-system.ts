import { PredictionMade } from '@headrace/contracts';
import { Clock, isAppError, newId } from '@headrace/kernel';
import { EventPublisher } from '@headrace/messaging';
import { Injectable } from '@nestjs/common';
import { chooseArm } from '../domain/choose-arm.js';
import { InferenceMetrics } from './inference-metrics.js';
import { type LoadedModel } from './loaded-model.js';
import { ModelTable, ModelNotFoundError } from './model-table.js';
import { OnlineFeatures, type FeatureSnapshot } from './ports.js';
import { scoreRows, type RowAnswer } from './score-rows.js';
import { toPredictionEvent } from './to-prediction-event.js';

export interface SystemPrediction extends RowAnswer {
  readonly predictionId: string;
  readonly modelName: string;
  readonly modelVersion: number;
  readonly digest: string;
  readonly arm: 'baseline' | 'canary';
  readonly systemId: string;
  /** When the newest feature was true; null when the system has no features. */
  readonly featuresAt: string | null;
  readonly missingFeatures: readonly string[];
}

/**
 * Predicts for a system from its current online features. When the feature store has none or does not answer, the
 * prediction abstains and gives the reason: no number is better than a number made of nothing.
 */
@Injectable()
export class PredictSystem {
  constructor(
    private readonly table: ModelTable,
    private readonly features: OnlineFeatures,
    private readonly publisher: EventPublisher,
    private readonly clock: Clock,
    private readonly metrics: InferenceMetrics,
  ) {}

  async execute(modelName: string, systemId: string): Promise<SystemPrediction> {
    const route = this.table.findRoute(modelName);
    const chosen = route && chooseArm(route.shares, systemId, route.rolloutId ?? modelName);
    if (chosen === undefined) throw new ModelNotFoundError(modelName);
    const started = performance.now();
    const { model, arm } = chosen;
    const { answer, snapshot, missing } = await this.answer(model, systemId);
    const { eventTime, featuresId } = snapshot ?? {};
    const latencyMs = performance.now() - started;
    this.metrics.recordPredictions(model, 'request', 1, latencyMs / 1000);
    if (answer.probability === null && answer.degradation !== undefined) {
      this.metrics.countAbstention(modelName, answer.degradation);
    }
    const now = this.clock.now();
    const predictionId = newId(now);
    await this.publisher.publish(PredictionMade, [
      toPredictionEvent({
        predictionId,
        model,
        arm,
        rolloutId: route?.rolloutId,
        systemId,
        eventTime: (eventTime ?? now).toISOString(),
        predictedAt: now,
        featuresId,
        origin: 'request',
        latencyMs,
        answer,
      }),
    ]);
    const featuresAt = eventTime?.toISOString() ?? null;
    return {
      predictionId,
      modelName,
      modelVersion: model.modelVersion,
      digest: model.digest,
      arm,
      systemId,
      featuresAt,
      missingFeatures: missing,
      ...answer,
    };
  }

  private async answer(
    model: LoadedModel,
    systemId: string,
  ): Promise<{ answer: RowAnswer; snapshot: FeatureSnapshot | undefined; missing: readonly string[] }> {
    try {
      const snapshot = await this.features.read(systemId, model.featureNames);
      const { features } = snapshot;
      const missing = model.featureNames.filter(
        (name) => features[name] === null || features[name] === undefined,
      );
      const [answer = { probability: null, degradation: 'no-features' }] = await scoreRows(model, [features]);
      return { answer, snapshot, missing };
    } catch (error) {
      if (!isAppError(error)) throw error;
      return {
        answer: { probability: null, degradation: 'features-unavailable', error: error.message },
        snapshot: undefined,
        missing: model.featureNames,
      };
    }
  }
}
