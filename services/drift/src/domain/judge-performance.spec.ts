import { describe, expect, it } from 'vitest';
import { driftPolicySchema } from './drift-policy.js';
import { judgePerformance } from './judge-performance.js';

const policy = driftPolicySchema.parse({ name: 'test', window: {}, performance: {} }).performance;
const rows = (right: number, wrong: number) =>
  Array.from({ length: right + wrong }, (_, row) => ({
    label: row % 2,
    probability: row < right ? (row % 2 ? 0.9 : 0.1) : row % 2 ? 0.1 : 0.9,
  }));

describe('judgePerformance', () => {
  it('says no-data without outcomes and inconclusive with too few', () => {
    expect(judgePerformance([], policy).verdict).toBe('no-data');
    expect(judgePerformance([], policy).metrics.accuracy).toBeUndefined();
    expect(judgePerformance(rows(10, 40), policy).verdict).toBe('inconclusive');
  });

  it('is healthy at an accuracy of 0.95', () => {
    const judgement = judgePerformance(rows(475, 25), policy);
    expect(judgement).toMatchObject({ verdict: 'healthy', critical: false });
    expect(judgement.metrics.accuracy).toBe(0.95);
  });

  it('is degraded below 0.90, and critical below 0.85', () => {
    const poor = judgePerformance(rows(435, 65), policy);
    expect(poor.verdict).toBe('degraded');
    expect(poor.critical).toBe(false);
    expect(poor.evidence.map(({ criterion, threshold, verdict }) => [criterion, threshold, verdict])).toEqual(
      [
        ['accuracy', 0.9, 'degraded'],
        ['accuracy critical', 0.85, 'healthy'],
      ],
    );
    expect(judgePerformance(rows(400, 100), policy)).toMatchObject({ verdict: 'degraded', critical: true });
  });

  it('is inconclusive when 0.89 of 100 may well be 0.90', () => {
    expect(judgePerformance(rows(89, 11), policy).verdict).toBe('inconclusive');
  });

  it('judges cost in the other direction, and a metric that is not defined is no-data', () => {
    const cost = { metric: 'cost_per_prediction', direction: 'at-most' as const, retrain: 5 };
    expect(judgePerformance(rows(190, 10), { ...policy, criteria: [cost] }).verdict).toBe('healthy');
    expect(judgePerformance(rows(150, 50), { ...policy, criteria: [cost] }).verdict).toBe('degraded');
    const quiet = Array.from({ length: 200 }, () => ({ label: 0, probability: 0.1 }));
    const recall = { metric: 'recall', direction: 'at-least' as const, retrain: 0.5 };
    expect(judgePerformance(quiet, { ...policy, criteria: [recall] }).verdict).toBe('no-data');
  });
});
