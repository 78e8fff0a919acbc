import { describe, expect, it } from 'vitest';
import { judgeModel, passes, type HoldoutResult, type ValidationPolicy } from './judge-model.js';

const policy: ValidationPolicy = {
  minRows: 100,
  minPositives: 5,
  criteria: [
    { metric: 'roc_auc', direction: 'at-least', threshold: 0.7 },
    { metric: 'brier_score', direction: 'at-most', threshold: 0.2 },
  ],
};
const good: HoldoutResult = { rows: 200, positives: 20, metrics: { roc_auc: 0.9, brier_score: 0.1 } };

const verdicts = (result: HoldoutResult) => judgeModel(result, policy).map((piece) => piece.verdict);

describe('the validation gate', () => {
  it('holds each criterion in its own direction, the threshold itself included', () => {
    expect(verdicts(good)).toEqual(['healthy', 'healthy']);
    expect(verdicts({ ...good, metrics: { roc_auc: 0.7, brier_score: 0.2 } })).toEqual([
      'healthy',
      'healthy',
    ]);
    expect(verdicts({ ...good, metrics: { roc_auc: 0.69, brier_score: 0.1 } })).toEqual([
      'degraded',
      'healthy',
    ]);
    expect(verdicts({ ...good, metrics: { roc_auc: 0.9, brier_score: 0.3 } })).toEqual([
      'healthy',
      'degraded',
    ]);
  });

  it('calls a metric that is not defined no-data, with no value, and passes nothing', () => {
    const [auc] = judgeModel({ ...good, metrics: { roc_auc: undefined, brier_score: 0.1 } }, policy);
    expect(auc).toMatchObject({ verdict: 'no-data', value: null });
    expect(passes([auc!])).toBe(false);
  });

  it('is inconclusive on too few rows or positives, whatever the value', () => {
    expect(verdicts({ ...good, rows: 99 })).toEqual(['inconclusive', 'inconclusive']);
    expect(verdicts({ ...good, positives: 4 })).toEqual(['inconclusive', 'inconclusive']);
    expect(passes(judgeModel({ ...good, rows: 99 }, policy))).toBe(false);
  });

  it('passes only when there is evidence and all of it is healthy', () => {
    expect(passes(judgeModel(good, policy))).toBe(true);
    expect(passes([])).toBe(false);
  });
});
