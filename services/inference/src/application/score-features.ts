import { PredictionMade, type FeaturesComputed } from '@headrace/contracts';
import { Clock, deterministicId } from '@headrace/kernel';
import { EventPublisher, type ReceivedEvent, type NewEvent } from '@headrace/messaging';
import { Injectable } from '@nestjs/common';
import { chooseArm } from '../domain/choose-arm.js';
import { InferenceMetrics } from './inference-metrics.js';
import { ModelTable, type RoutedModel } from './model-table.js';
import { scoreRows, type RowAnswer } from './score-rows.js';
import { toPredictionEvent } from './to-prediction-event.js';

/** The model that the stream of features is scored with. */
export class StreamModel {
  constructor(readonly name: string) {}
}

type Computed = ReceivedEvent<typeof FeaturesComputed>;

/**
 * Scores a batch of the stream: every row by the arm that its system belongs to, and by the other arm in the shadow, so
 * that both are judged on the same rows. Without a loaded model the rows are counted as skipped, and readiness reports
 * that the service cannot do its job. They are not scored later, because a prediction about the past is of no use; the
 * features stay in the log.
 */
@Injectable()
export class ScoreFeatures {
  constructor(
    private readonly table: ModelTable,
    private readonly publisher: EventPublisher,
    private readonly clock: Clock,
    private readonly metrics: InferenceMetrics,
    private readonly streamModel: StreamModel,
  ) {}

  async execute(events: readonly Computed[]): Promise<void> {
    const route = this.table.findRoute(this.streamModel.name);
    if (route === undefined || route.shares.length === 0) {
      this.metrics.countSkippedRows('no-model', events.length);
      return;
    }
    const started = performance.now();
    const rows = events.map(({ payload }) => payload.features);
    const answers = new Map<RoutedModel, readonly RowAnswer[]>();
    for (const share of route.shares) {
      const begun = performance.now();
      answers.set(share, await scoreRows(share.model, rows));
      this.metrics.observeDuration(share.model, (performance.now() - begun) / 1000);
    }
    const latencyMs = performance.now() - started;
    const predictedAt = this.clock.now();
    const predictions = events.flatMap((event, index) => {
      const chosen = chooseArm(route.shares, event.payload.systemId, route.rolloutId ?? route.modelName);
      return chosen === undefined
        ? []
        : [
            toPrediction({
              event,
              index,
              chosen,
              answers,
              rolloutId: route.rolloutId,
              latencyMs,
              predictedAt,
            }),
          ];
    });
    for (const { modelVersion, model } of route.shares) {
      const chosen = predictions.filter(({ payload }) => payload.modelVersion === modelVersion).length;
      this.metrics.countPredictions(model, 'stream', chosen);
      this.metrics.countPredictions(model, 'shadow', predictions.length - chosen);
    }
    for (const { payload } of predictions) {
      if (payload.probability === null && payload.degradation !== undefined) {
        this.metrics.countAbstention(payload.modelName, payload.degradation);
      }
    }
    await this.publisher.publish(PredictionMade, predictions);
  }
}

interface Scored {
  readonly event: Computed;
  readonly index: number;
  readonly chosen: RoutedModel;
  readonly answers: ReadonlyMap<RoutedModel, readonly RowAnswer[]>;
  readonly rolloutId: string | undefined;
  readonly latencyMs: number;
  readonly predictedAt: Date;
}

function toPrediction(scored: Scored): NewEvent<typeof PredictionMade> {
  const { event, index, chosen, answers, rolloutId, latencyMs, predictedAt } = scored;
  const { featuresId, systemId, eventTime } = event.payload;
  return toPredictionEvent({
    predictionId: deterministicId(featuresId, chosen.model.digest),
    model: chosen.model,
    arm: chosen.arm,
    rolloutId,
    systemId,
    eventTime,
    predictedAt,
    featuresId,
    origin: 'stream',
    shadow: [...answers]
      .filter(([share]) => share !== chosen)
      .map(([share, shadow]) => ({
        modelVersion: share.modelVersion,
        arm: share.arm,
        probability: shadow[index]?.probability ?? null,
      })),
    latencyMs,
    answer: answers.get(chosen)?.[index] ?? { probability: null, error: 'The row was not scored' },
    cause: event,
  });
}
