import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SeededRandom } from '@headrace/kernel';
import { parseDeclaration } from '@headrace/service-host';
import { describe, expect, it } from 'vitest';
import { decide } from './decide.js';
import { newDelivery, startRollout } from './delivery.js';
import { judgeStep } from './judge-step.js';
import { meanConfidenceSequence } from './mean-confidence-sequence.js';
import { rolloutPolicy, type RolloutPolicy } from './rollout-policy.js';
import { type Rollout, type Version } from './rollout.js';
import { countOutcome, countPrediction, noStatistics, type StepStatistics } from './step-statistics.js';

const file = fileURLToPath(new URL('../../../../config/rollout-policies/default.yaml', import.meta.url));
const [declared] = parseDeclaration('rollout-policies', rolloutPolicy, readFileSync(file, 'utf8'), file);
if (declared === undefined) throw new Error('the default policy is empty');
const policy: RolloutPolicy = declared.value;
const now = new Date('2026-11-23T12:00:00Z');
const version = (modelVersion: number): Version => ({
  modelVersion,
  digest: `sha256:${modelVersion}`,
  artifactKey: 'key',
  featureNames: [],
  validated: true,
});

function predictions(canary: number, errors: number, latencyMs = 3): StepStatistics {
  let statistics = noStatistics;
  for (let row = 0; row < canary; row += 1) {
    const each = { failed: row < errors, latencyMs, systemId: `s${row % 10}` };
    statistics = countPrediction(statistics, { ...each, arm: 'canary' });
    statistics = countPrediction(statistics, {
      ...each,
      failed: false,
      arm: 'baseline',
      systemId: `b${row % 10}`,
    });
  }
  return statistics;
}

function evidenceOf(statistics: StepStatistics, metric: string, percent = 5) {
  return judgeStep(statistics, policy, percent).evidence.find(({ criterion }) => criterion === metric);
}

describe('the default policy', () => {
  it('has the numbers of the guide, each with its direction', () => {
    expect(policy).toMatchObject({ steps: [5, 10, 25, 50, 100], stepSeconds: 300 });
    expect(
      policy.criteria.slice(0, 4).map(({ metric, direction, threshold }) => [metric, direction, threshold]),
    ).toEqual([
      ['error_rate', 'at-most', 0.01],
      ['latency_p99', 'at-most', 100],
      ['prediction_accuracy', 'at-least', 0.95],
      ['throughput_degradation', 'at-most', 0.1],
    ]);
  });
});

describe('judgeStep', () => {
  it('takes silence for no data, neither pass nor fail (flagger#1035)', () => {
    const judgement = judgeStep(noStatistics, policy, 5);
    expect(judgement.verdict).toBe('no-data');
    expect(judgement.evidence.every(({ verdict, value }) => verdict === 'no-data' && value === null)).toBe(
      true,
    );
  });

  it('does not believe in an error rate below 1 % after 200 clean predictions, but after 1000', () => {
    expect(evidenceOf(predictions(200, 0), 'error_rate')).toMatchObject({
      verdict: 'inconclusive',
      value: 0,
    });
    expect(evidenceOf(predictions(1_000, 0), 'error_rate')).toMatchObject({
      verdict: 'healthy',
      sampleSize: 1_000,
    });
  });

  it('calls 5 % of errors degraded, with value, threshold and rows in the evidence (flagger#1810)', () => {
    expect(evidenceOf(predictions(400, 20), 'error_rate')).toMatchObject({
      verdict: 'degraded',
      value: 0.05,
      threshold: 0.01,
      sampleSize: 400,
    });
  });

  it('reads a high accuracy as good: a criterion has a direction', () => {
    let statistics = noStatistics;
    for (let row = 0; row < 200; row += 1)
      statistics = countOutcome(
        statistics,
        { baseline: 0.1, canary: 0.1, happened: false },
        0.5,
        policy.outcomes.costs,
      );
    expect(evidenceOf(statistics, 'prediction_accuracy')).toMatchObject({ verdict: 'healthy', value: 1 });
  });

  it('compares rates of one system, so that 5 % of the traffic is no loss of throughput', () => {
    let statistics = noStatistics;
    for (let row = 0; row < 1_900; row += 1)
      statistics = countPrediction(statistics, {
        arm: 'baseline',
        failed: false,
        latencyMs: 1,
        systemId: `b${row % 19}`,
      });
    for (let row = 0; row < 100; row += 1)
      statistics = countPrediction(statistics, { arm: 'canary', failed: false, latencyMs: 1, systemId: 'c' });
    expect(evidenceOf(statistics, 'throughput_degradation')?.value).toBeCloseTo(0, 10);
  });

  it('judges p99 by the share of slow predictions', () => {
    expect(evidenceOf(predictions(300, 0, 250), 'latency_p99')).toMatchObject({ verdict: 'degraded' });
    expect(evidenceOf(predictions(1_000, 0, 20), 'latency_p99')).toMatchObject({ verdict: 'healthy' });
  });
});

describe('meanConfidenceSequence', () => {
  it('keeps the mean at every look of at least 95 of 100 sequences of 400 rows', () => {
    let missed = 0;
    for (let seed = 0; seed < 200; seed += 1) {
      const random = new SeededRandom(seed);
      let [sum, squares, out] = [0, 0, false];
      for (let rows = 1; rows <= 400; rows += 1) {
        const value = random.next() - 0.5;
        sum += value;
        squares += value * value;
        const interval = rows < 30 ? undefined : meanConfidenceSequence({ rows, sum, squares }, 0.95);
        if (interval !== undefined && (interval.low > 0 || interval.high < 0)) out = true;
      }
      if (out) missed += 1;
    }
    expect(missed / 200).toBeLessThanOrEqual(0.05);
  });
});

describe('decide', () => {
  const delivery = { ...newDelivery('m'), stable: version(1) };
  const started = startRollout(
    delivery,
    version(2),
    { policy, version: 'default@1' },
    { now, reason: 'test' },
  );
  const preparing = started.delivery.active;
  if (preparing === undefined) throw new Error('no rollout');
  const inStep = (state: Rollout['state'], step = 0): Rollout => ({
    ...preparing,
    state,
    step,
    deadline: new Date(now.getTime() + 7_200_000).toISOString(),
  });
  const at = (seconds: number): Date => new Date(now.getTime() + seconds * 1000);
  const judged = (verdict: 'healthy' | 'degraded' | 'inconclusive' | 'no-data') => ({
    verdict,
    evidence: [],
  });

  it.each([
    ['preparing', 'healthy', 599, 'wait'],
    ['preparing', 'healthy', 600, 'roll-back'],
    ['analysing', 'healthy', 299, 'wait'],
    ['analysing', 'healthy', 300, 'advance'],
    ['analysing', 'inconclusive', 300, 'hold'],
    ['analysing', 'no-data', 7_200, 'roll-back'],
    ['analysing', 'degraded', 1, 'roll-back'],
    ['paused', 'healthy', 300, 'wait'],
    ['paused', 'degraded', 1, 'roll-back'],
    ['paused', 'inconclusive', 7_200, 'roll-back'],
    ['promoted', 'degraded', 7_200, 'wait'],
    ['superseded', 'degraded', 7_200, 'wait'],
  ] as const)('of a rollout that is %s and %s after %i s is %s', (state, verdict, seconds, action) => {
    const rollout = state === 'preparing' ? preparing : inStep(state);
    expect(decide(rollout, judged(verdict), policy, at(seconds)).action).toBe(action);
  });

  it('promotes after the last step, and only there', () => {
    expect(decide(inStep('analysing', 3), judged('healthy'), policy, at(300)).action).toBe('advance');
    expect(decide(inStep('analysing', 4), judged('healthy'), policy, at(300)).action).toBe('promote');
  });

  it('asks a person at the deadline when the policy says so', () => {
    const asking = { ...policy, atDeadline: 'pause' as const };
    expect(decide(inStep('analysing'), judged('no-data'), asking, at(7_200)).action).toBe('pause');
  });
});

it('aborts fewer than 5 % of A/A rollouts with 20 predictions a step', () => {
  let aborted = 0;
  const lenient: RolloutPolicy = { ...policy, criteria: policy.criteria.slice(0, 2) };
  for (let seed = 0; seed < 400; seed += 1) {
    const random = new SeededRandom(seed);
    let statistics = noStatistics;
    let harm = false;
    for (let row = 0; row < 100; row += 1) {
      if (row % 20 === 0) statistics = noStatistics;
      const prediction = { failed: random.next() < 0.01, latencyMs: 5, systemId: 's' };
      statistics = countPrediction(statistics, { ...prediction, arm: 'canary' });
      harm ||= judgeStep(statistics, lenient, 5).verdict === 'degraded';
    }
    if (harm) aborted += 1;
  }
  expect(aborted / 400).toBeLessThan(0.05);
});
