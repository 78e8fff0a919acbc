import { brierScore } from './brier-score.js';
import { businessCost, costPerPrediction, type MistakeCosts } from './business-cost.js';
import { calibrationError } from './calibration-error.js';
import {
  accuracy,
  alertPrecision,
  confusion,
  f1,
  falsePositiveRate,
  precision,
  recall,
} from './confusion.js';
import { forecastBias, mae, mse, r2 } from './forecast-errors.js';
import { logLoss } from './log-loss.js';
import { prAuc } from './pr-auc.js';
import { rocAuc } from './roc-auc.js';
import { directionalAccuracy, temporalConsistency } from './temporal-metrics.js';

export interface EvaluateOptions extends MistakeCosts {
  /** A probability above it is a positive prediction. Default 0.5. */
  readonly threshold?: number;
}

/** Every metric of a classifier by the name under which it is stored; undefined where it is not defined. */
export type BinaryMetrics = Readonly<
  Record<
    | 'accuracy'
    | 'precision'
    | 'recall'
    | 'f1'
    | 'false_positive_rate'
    | 'roc_auc'
    | 'pr_auc'
    | 'log_loss'
    | 'brier_score'
    | 'calibration_error'
    | 'mse'
    | 'mae'
    | 'r2'
    | 'forecast_bias'
    | 'directional_accuracy'
    | 'temporal_consistency'
    | 'business_cost'
    | 'cost_per_prediction'
    | 'alert_precision',
    number | undefined
  >
>;

/** All metrics of probabilities against labels, rows in order of time. */
export function evaluateBinary(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  options: EvaluateOptions = {},
): BinaryMetrics {
  const counts = confusion(labels, probabilities, options.threshold);
  return {
    accuracy: accuracy(counts),
    precision: precision(counts),
    recall: recall(counts),
    f1: f1(counts),
    false_positive_rate: falsePositiveRate(counts),
    roc_auc: rocAuc(labels, probabilities),
    pr_auc: prAuc(labels, probabilities),
    log_loss: logLoss(labels, probabilities),
    brier_score: brierScore(labels, probabilities),
    calibration_error: calibrationError(labels, probabilities),
    mse: mse(labels, probabilities),
    mae: mae(labels, probabilities),
    r2: r2(labels, probabilities),
    forecast_bias: forecastBias(labels, probabilities),
    directional_accuracy: directionalAccuracy(labels, probabilities),
    temporal_consistency: temporalConsistency(labels, probabilities),
    business_cost: businessCost(counts, options),
    cost_per_prediction: costPerPrediction(counts, options),
    alert_precision: alertPrecision(counts),
  };
}
