import { MetricsStore } from '@headrace/metrics-store';
import { ServiceMetrics } from '@headrace/service-host';
import { Injectable } from '@nestjs/common';
import { type DriftReport, type PerformanceReport } from './ports.js';

/** Exposes the last windows to Prometheus and the metrics store. A score that could not be computed has no series. */
@Injectable()
export class DriftGauges {
  private readonly drift;
  private readonly performance;

  constructor(
    metrics: ServiceMetrics,
    private readonly store: MetricsStore,
  ) {
    this.drift = metrics.gauge('ml_model_drift_score', 'Distance of the last window from the reference', [
      'model_name',
      'feature_name',
      'drift_type',
    ]);
    this.performance = metrics.gauge(
      'ml_model_accuracy',
      'Performance on the last window of matured outcomes',
      ['model_name', 'model_version', 'metric_type'],
    );
  }

  setDrift(report: DriftReport): void {
    const { features, prediction, shareDrifted } = report.judgement;
    const time = new Date(report.closedAt);
    const points = [];
    for (const column of [...features, prediction]) {
      for (const { method, value } of column.scores) {
        const labels = { model_name: report.modelName, feature_name: column.feature, drift_type: method };
        if (value === undefined) {
          this.drift.remove(labels);
          continue;
        }
        this.drift.set(labels, value);
        points.push({
          measurement: 'drift_score',
          tags: { model: report.modelName, feature: column.feature, method },
          fields: { value },
          time,
        });
      }
    }
    if (shareDrifted !== undefined) {
      const tags = { model: report.modelName };
      points.push({ measurement: 'drift_share', tags, fields: { value: shareDrifted }, time });
    }
    this.store.write(points);
  }

  setPerformance(report: PerformanceReport): void {
    const fields: Record<string, number> = {};
    for (const [metric, value] of Object.entries(report.metrics)) {
      const labels = {
        model_name: report.modelName,
        model_version: String(report.modelVersion),
        // The dashboards query `overall`.
        metric_type: metric === 'accuracy' ? 'overall' : metric,
      };
      if (value === null) {
        this.performance.remove(labels);
        continue;
      }
      this.performance.set(labels, value);
      fields[metric] = value;
    }
    if (Object.keys(fields).length === 0) return;
    const tags = { model: report.modelName, version: String(report.modelVersion) };
    this.store.write([{ measurement: 'model_performance', tags, fields, time: new Date(report.measuredAt) }]);
  }
}
