import { ServiceMetrics } from '@headrace/service-host';
import { Injectable } from '@nestjs/common';
import { type LoadedModel } from './loaded-model.js';

export type PredictionType = 'stream' | 'shadow' | 'request' | 'infer';

const durationBuckets = [0.001, 0.01, 0.05, 0.1, 0.5, 1, 2, 5];

/** What is counted of predictions, under the names that the dashboards use. */
@Injectable()
export class InferenceMetrics {
  private readonly predictions;
  private readonly durations;
  private readonly skippedRows;
  private readonly abstentions;
  private readonly loads;
  private readonly queue;
  private readonly shedRequests;

  constructor(metrics: ServiceMetrics) {
    this.predictions = metrics.counter('ml_predictions_total', 'Total number of predictions made', [
      'model_name',
      'model_version',
      'prediction_type',
    ]);
    this.durations = metrics.histogram(
      'ml_prediction_duration_seconds',
      'Time spent on predictions',
      ['model_name', 'model_version'],
      durationBuckets,
    );
    this.skippedRows = metrics.counter(
      'inference_rows_passed_over_total',
      'Rows of the stream that were not scored, by reason',
      ['reason'],
    );
    this.abstentions = metrics.counter(
      'inference_abstained_total',
      'Predictions without a probability, by reason',
      ['model_name', 'reason'],
    );
    this.queue = metrics.gauge('prediction_queue_depth', 'Predictions asked for and not answered yet');
    this.shedRequests = metrics.counter(
      'inference_requests_shed_total',
      'Requests refused because too many were waiting',
    );
    this.loads = metrics.counter('inference_model_loads_total', 'Versions loaded or refused', [
      'model_name',
      'outcome',
    ]);
  }

  /** Predictions of one version in a batch that took part of a duration counted already. */
  countPredictions(model: LoadedModel, type: PredictionType, count: number): void {
    this.predictions.inc(
      { model_name: model.modelName, model_version: String(model.modelVersion), prediction_type: type },
      count,
    );
  }

  observeDuration(model: LoadedModel, seconds: number): void {
    this.durations.observe(
      { model_name: model.modelName, model_version: String(model.modelVersion) },
      seconds,
    );
  }

  /** `count` predictions of one version that took `seconds` together; a batch counts as one duration. */
  recordPredictions(model: LoadedModel, type: PredictionType, count: number, seconds: number): void {
    this.countPredictions(model, type, count);
    this.observeDuration(model, seconds);
  }

  countSkippedRows(reason: 'no-model', count: number): void {
    this.skippedRows.inc({ reason }, count);
  }

  countAbstention(modelName: string, reason: string): void {
    this.abstentions.inc({ model_name: modelName, reason });
  }

  countLoad(modelName: string, outcome: 'loaded' | 'failed'): void {
    this.loads.inc({ model_name: modelName, outcome });
  }

  setQueueDepth(requests: number): void {
    this.queue.set(requests);
  }

  countShedRequest(): void {
    this.shedRequests.inc();
  }
}
