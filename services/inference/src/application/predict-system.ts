import { PredictionMade } from '@headrace/contracts';
import { Clock, isAppError, newId } from '@headrace/kernel';
import { EventPublisher } from '@headrace/messaging';
import { Injectable } from '@nestjs/common';
import { chooseArm } from '../domain/choose-arm.js';
import { InferenceMetrics } from './inference-metrics.js';
import { type LoadedModel } from './loaded-model.js';
import { ModelTable, ModelUnknownError } from './model-table.js';
import { OnlineFeatures, type KnownFeatures } from './ports.js';
import { scoreRows, type RowAnswer } from './score-rows.js';

export interface SystemPrediction extends RowAnswer {
  readonly predictionId: string;
  readonly modelName: string;
  readonly modelVersion: number;
  readonly digest: string;
  readonly arm: 'baseline' | 'canary';
  readonly systemId: string;
  /** When the newest feature was true; null when nothing is known of the system. */
  readonly featuresAt: string | null;
  readonly missingFeatures: readonly string[];
}

/**
 * Predicts for a system from what the feature store knows now. When it knows nothing or does not answer, the prediction
 * abstains and says why: no number is better than a number made of nothing.
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
    const route = this.table.routeOf(modelName);
    const chosen = route && chooseArm(route.shares, systemId, route.rolloutId ?? modelName);
    if (chosen === undefined) throw new ModelUnknownError(modelName);
    const started = performance.now();
    const { model, arm } = chosen;
    const { answer, known, missing } = await this.answer(model, systemId);
    const { eventTime, featuresId } = known ?? {};
    const latencyMs = performance.now() - started;
    this.metrics.predicted(model, 'request', 1, latencyMs / 1000);
    if (answer.probability === null && answer.degradation !== undefined) {
      this.metrics.abstain(modelName, answer.degradation);
    }
    const now = this.clock.now();
    const predictionId = newId(now);
    const { modelVersion, digest } = model;
    await this.publisher.publish(PredictionMade, [
      {
        id: predictionId,
        time: now,
        causationIds: featuresId === undefined ? [] : [featuresId],
        payload: {
          modelName,
          modelVersion,
          predictionId,
          digest,
          arm,
          rolloutId: route?.rolloutId ?? null,
          systemId,
          eventTime: (eventTime ?? now).toISOString(),
          predictedAt: now.toISOString(),
          featuresId: featuresId ?? null,
          origin: 'request',
          shadow: [],
          latencyMs,
          ...answer,
        },
      },
    ]);
    const featuresAt = eventTime?.toISOString() ?? null;
    return {
      predictionId,
      modelName,
      modelVersion,
      digest,
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
  ): Promise<{ answer: RowAnswer; known: KnownFeatures | undefined; missing: readonly string[] }> {
    try {
      const known = await this.features.read(systemId, model.featureNames);
      const { features } = known;
      const missing = model.featureNames.filter(
        (name) => features[name] === null || features[name] === undefined,
      );
      const [answer = { probability: null, degradation: 'no-features' }] = await scoreRows(model, [features]);
      return { answer, known, missing };
    } catch (error) {
      if (!isAppError(error)) throw error;
      return {
        answer: { probability: null, degradation: 'features-unavailable', error: error.message },
        known: undefined,
        missing: model.featureNames,
      };
    }
  }
}
