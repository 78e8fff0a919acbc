import { describe, expect, it } from 'vitest';
import { evaluateRules, type AlertRule } from './alert-rule.js';
import { parseCondition } from './condition.js';

const rule: AlertRule = {
  name: 'model_accuracy_degradation',
  on: 'performance-measured',
  where: [parseCondition('metrics.accuracy < 0.85')],
  key: ['modelName'],
  severity: 'critical',
  summary: '{modelName} v{modelVersion}: accuracy {metrics.accuracy}, recall {metrics.recall}',
  recommendations: ['Check for model drift'],
  runbook: undefined,
  resolve: [
    { on: 'performance-measured', where: [parseCondition('metrics.accuracy >= 0.85')], key: ['modelName'] },
  ],
};
const measured = (accuracy: number | null) => ({
  type: 'performance-measured',
  payload: { modelName: 'm', modelVersion: 2, metrics: { accuracy, recall: null } },
});

describe('evaluateRules', () => {
  it('fires below the threshold, with the values in the text and "no data" where there is none', () => {
    expect(evaluateRules([rule], measured(0.8123456))).toEqual([
      { kind: 'fire', rule, labels: { modelName: 'm' }, summary: 'm v2: accuracy 0.8123, recall no data' },
    ]);
  });

  it('says "none" for an empty list', () => {
    const listing = { ...rule, where: [], summary: 'features: {features}' };
    const event = { type: rule.on, payload: { modelName: 'm', features: [] } };
    expect(evaluateRules([listing], event)).toMatchObject([{ kind: 'fire', summary: 'features: none' }]);
  });

  it('resolves at the threshold', () => {
    expect(evaluateRules([rule], measured(0.85))).toEqual([
      { kind: 'resolve', rule, labels: { modelName: 'm' }, reason: 'performance measured' },
    ]);
  });

  it('neither fires nor resolves without data', () => {
    expect(evaluateRules([rule], measured(null))).toEqual([]);
  });
});
