import { describe, expect, it } from 'vitest';
import { type HoldoutResult } from './judge-model.js';
import { judgeVariant, type VariantPolicy } from './judge-variant.js';

const policy: VariantPolicy = {
  minRows: 100,
  minPositives: 5,
  criteria: [
    { metric: 'roc_auc', direction: 'at-least', tolerance: 0.125 },
    { metric: 'log_loss', direction: 'at-most', tolerance: 0.25 },
  ],
};
const holdout: HoldoutResult = { rows: 200, positives: 20, metrics: { roc_auc: 0.875, log_loss: 0.5 } };
const exact = { bytes: 1_000, holdout };

function judge(metrics: Readonly<Record<string, number | undefined>>, bytes = 500) {
  return judgeVariant(exact, { bytes, holdout: { ...holdout, metrics } }, policy);
}

describe('a variant', () => {
  it('is kept when it loses no more than it may, the tolerance itself included', () => {
    expect(judge({ roc_auc: 0.75, log_loss: 0.75 })).toMatchObject({
      outcome: 'kept',
      evidence: [
        { criterion: 'roc_auc', verdict: 'healthy', value: 0.75, baselineValue: 0.875, threshold: 0.75 },
        { criterion: 'log_loss', verdict: 'healthy', value: 0.75, baselineValue: 0.5, threshold: 0.75 },
      ],
    });
  });

  it.each([
    ['ranking', { roc_auc: 0.74, log_loss: 0.1 }],
    ['probabilities', { roc_auc: 0.9, log_loss: 0.76 }],
  ])('is too lossy when its %s are worse, however good the rest is', (_, metrics) => {
    expect(judge(metrics).outcome).toBe('too-lossy');
  });

  it.each([1_000, 1_001])('of %d bytes for 1,000 gains nothing', (bytes) => {
    expect(judge({ roc_auc: 0.875, log_loss: 0.5 }, bytes).outcome).toBe('no-gain');
  });

  it('is undecided without a metric of its own or of the exact model', () => {
    expect(judge({ roc_auc: 0.875 }).outcome).toBe('undecided');
    const blind = { ...exact, holdout: { ...holdout, metrics: { log_loss: 0.5 } } };
    expect(judgeVariant(blind, { bytes: 500, holdout }, policy)).toMatchObject({
      outcome: 'undecided',
      evidence: [{ criterion: 'roc_auc', verdict: 'no-data', baselineValue: null }, { verdict: 'healthy' }],
    });
  });

  it('of a value that is no number has none in its evidence', () => {
    const holdouts = [Number.NaN, Infinity].map((roc_auc) => ({
      ...holdout,
      metrics: { roc_auc, log_loss: 0.5 },
    }));
    for (const broken of holdouts) {
      expect(
        judgeVariant({ ...exact, holdout: broken }, { bytes: 500, holdout: broken }, policy).evidence[0],
      ).toMatchObject({ criterion: 'roc_auc', verdict: 'no-data', value: null });
    }
  });

  it.each([
    ['rows', { rows: 99 }],
    ['positives', { positives: 4 }],
  ])('is undecided on too few %s', (_, fewer) => {
    const few = { ...holdout, ...fewer };
    expect(judgeVariant({ bytes: 9, holdout: few }, { bytes: 5, holdout: few }, policy).outcome).toBe(
      'undecided',
    );
  });
});
