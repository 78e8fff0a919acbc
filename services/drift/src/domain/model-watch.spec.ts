import { type Evidence } from '@headrace/contracts';
import { describe, expect, it } from 'vitest';
import { driftPolicySchema } from './drift-policy.js';
import { type ColumnJudgement, type DriftJudgement, driftedShareCriterion } from './judge-drift.js';
import { advancePositions, applyJudgement, isCounted, newWatch } from './model-watch.js';

const now = new Date('2026-11-23T12:00:00Z');
const policy = driftPolicySchema.parse({
  name: 'test',
  window: {},
  performance: {},
  windowsInARow: 2,
});

function evidence(criterion: string, verdict: Evidence['verdict']): Evidence {
  return { criterion, verdict, value: 0.5, threshold: 0.25, direction: 'at-most', sampleSize: 100 };
}

function judgement(shareVerdict: Evidence['verdict']): DriftJudgement {
  const histogram = { edges: [], counts: [0], missing: 0, total: 0 };
  const prediction: ColumnJudgement = {
    feature: 'prediction',
    scores: [],
    drifted: undefined,
    excluded: false,
    missingShare: undefined,
    referenceMissingShare: undefined,
    incomplete: false,
    independentRows: 0,
    reference: histogram,
    current: histogram,
  };
  return {
    verdict: shareVerdict,
    features: [],
    prediction,
    driftedFeatures: shareVerdict === 'degraded' ? ['cpu'] : [],
    incompleteFeatures: [],
    shareDrifted: 0.5,
    evidence: [evidence('psi of cpu', 'healthy'), evidence(driftedShareCriterion, shareVerdict)],
  };
}

describe('A closed window', () => {
  it('extends the feature streak by the share of drifted features, wherever the evidence lists it', () => {
    const first = applyJudgement(newWatch('m', now), judgement('degraded'), policy, now);
    expect([first.watch.streaks.feature, first.confirmed]).toEqual([1, []]);
    const second = applyJudgement(first.watch, judgement('degraded'), policy, now);
    expect([second.watch.streaks.feature, second.confirmed]).toEqual([2, ['feature']]);
    const third = applyJudgement(second.watch, judgement('healthy'), policy, now);
    expect([third.watch.streaks.feature, third.watch.shift]).toEqual([0, undefined]);
  });

  it('neither extends nor breaks a streak when it is inconclusive or has no data', () => {
    const { watch } = applyJudgement(newWatch('m', now), judgement('degraded'), policy, now);
    for (const verdict of ['inconclusive', 'no-data'] as const) {
      expect(applyJudgement(watch, judgement(verdict), policy, now).watch.streaks.feature).toBe(1);
    }
  });
});

describe('Positions of a watch', () => {
  const at = (partition: number, offset: bigint, index: number) => ({ topic: 't', partition, offset, index });

  it('count everything up to the last event of a partition, and nothing of another one', () => {
    const watch = { ...newWatch('m', now), positions: advancePositions(newWatch('m', now), at(0, 5n, 2)) };
    expect(isCounted(watch, at(0, 5n, 2))).toBe(true);
    expect(isCounted(watch, at(0, 4n, 9))).toBe(true);
    expect(isCounted(watch, at(0, 5n, 3))).toBe(false);
    expect(isCounted(watch, at(1, 0n, 0))).toBe(false);
  });

  it('never move back', () => {
    const watch = { ...newWatch('m', now), positions: advancePositions(newWatch('m', now), at(0, 5n, 2)) };
    expect(advancePositions(watch, at(0, 3n, 0))).toBe(watch.positions);
    expect(advancePositions(watch, undefined)).toBe(watch.positions);
  });
});
