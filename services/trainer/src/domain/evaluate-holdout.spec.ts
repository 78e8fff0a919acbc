import { describe, expect, it } from 'vitest';
import { evaluateHoldout } from './evaluate-holdout.js';

const costs = { falsePositive: 10, falseNegative: 100 };

describe('the metrics of a hold-out', () => {
  it('are those of the seed: costs of 10 a false alarm and 100 a missed incident', () => {
    const metrics = evaluateHoldout(
      {
        labels: Float32Array.of(1, 1, 0, 0, 0),
        probabilities: Float32Array.of(0.9, 0.2, 0.8, 0.1, 0.3),
        systemIds: ['a', 'a', 'a', 'a', 'a'],
      },
      costs,
    );
    expect(metrics).toMatchObject({
      accuracy: 0.6,
      precision: 0.5,
      recall: 0.5,
      f1: 0.5,
      alert_precision: 0.5,
    });
    expect(metrics).toMatchObject({ business_cost: 110, cost_per_prediction: 22 });
  });

  it('compares a row with the one before it of the same system only', () => {
    // Interleaved, the labels move at every row; within each system they move once, and the prediction with them.
    const metrics = evaluateHoldout(
      {
        labels: Float32Array.of(0, 1, 1, 0),
        probabilities: Float32Array.of(0.2, 0.9, 0.6, 0.3),
        systemIds: ['a', 'b', 'a', 'b'],
      },
      costs,
    );
    expect(metrics.directional_accuracy).toBe(1);
  });

  it('has no metric where there is nothing to compute it from', () => {
    const metrics = evaluateHoldout(
      { labels: new Float32Array(3), probabilities: new Float32Array(3), systemIds: ['a', 'a', 'a'] },
      costs,
    );
    expect(metrics.roc_auc).toBeUndefined();
    expect(metrics.directional_accuracy).toBeUndefined();
    expect(metrics.recall).toBeUndefined();
  });
});
