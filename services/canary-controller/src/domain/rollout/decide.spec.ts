import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SeededRandom } from '@headrace/kernel';
import { parseDeclaration } from '@headrace/service-host';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide } from './decide.js';
import { startRollout } from './advance-delivery.js';
import { newDelivery } from './delivery.js';
import { judgeStep } from '../evidence/judge-step.js';
import { rolloutPolicy, type RolloutPolicy } from '../policy/rollout-policy.js';
import { type Rollout, type Version } from './rollout.js';
import {
  countDrift,
  countOutcome,
  countPrediction,
  nextStep,
  noStatistics,
  type StepStatistics,
} from '../evidence/step-statistics.js';

const file = fileURLToPath(new URL('../../../../../config/rollout-policies/default.yaml', import.meta.url));
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
    const ofTheGuide = ['error_rate', 'latency_p99', 'prediction_accuracy', 'throughput_degradation'];
    expect(
      policy.criteria
        .filter(({ metric }) => ofTheGuide.includes(metric))
        .map(({ metric, direction, threshold }) => [metric, direction, threshold]),
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
    for (let row = 0; row < 200; row += 1) {
      statistics = countOutcome(
        statistics,
        { baseline: 0.1, canary: 0.1, happened: false },
        0.5,
        policy.outcomes.costs,
      );
    }
    expect(evidenceOf(statistics, 'prediction_accuracy')).toMatchObject({ verdict: 'healthy', value: 1 });
  });

  it('calls no version wrong by a few outcomes in a row, but by many', () => {
    const allWrong = (rows: number): StepStatistics => {
      const wrong = { baseline: 0.1, canary: 0.1, happened: true };
      return Array.from({ length: rows }).reduce<StepStatistics>(
        (statistics) => countOutcome(statistics, wrong, 0.5, policy.outcomes.costs),
        noStatistics,
      );
    };
    expect(evidenceOf(allWrong(2), 'prediction_accuracy')).toMatchObject({
      verdict: 'inconclusive',
      value: 0,
    });
    expect(evidenceOf(allWrong(100), 'prediction_accuracy')).toMatchObject({ verdict: 'degraded' });
  });

  it('compares rates of one system, so that 5 % of the traffic is no loss of throughput', () => {
    let statistics = noStatistics;
    for (let row = 0; row < 1_900; row += 1) {
      statistics = countPrediction(statistics, {
        arm: 'baseline',
        failed: false,
        latencyMs: 1,
        systemId: `b${row % 19}`,
      });
    }
    for (let row = 0; row < 100; row += 1) {
      statistics = countPrediction(statistics, { arm: 'canary', failed: false, latencyMs: 1, systemId: 'c' });
    }
    expect(evidenceOf(statistics, 'throughput_degradation')?.value).toBeCloseTo(0, 10);
  });

  it('judges p99 by the share of slow predictions', () => {
    expect(evidenceOf(predictions(300, 0, 250), 'latency_p99')).toMatchObject({ verdict: 'degraded' });
    expect(evidenceOf(predictions(1_000, 0, 20), 'latency_p99')).toMatchObject({ verdict: 'healthy' });
  });
});

/** Incidents that the champion saw, all of them; the canary missed some. */
function incidents(rows: number, missed: number): StepStatistics {
  return Array.from({ length: rows }).reduce<StepStatistics>(
    (statistics, _, row) =>
      countOutcome(
        statistics,
        { baseline: 0.9, canary: row < missed ? 0.1 : 0.9, happened: true },
        0.5,
        policy.outcomes.costs,
      ),
    noStatistics,
  );
}

describe('a version that is not proved to be worse', () => {
  it('is not taken for one that is as good while the interval still holds a loss beyond the tolerance', () => {
    // 15 of 100 missed where 10 are tolerated, between 0.02 and 0.28: neither harm nor health is proved.
    expect(evidenceOf(incidents(100, 15), 'recall_decrease')).toMatchObject({
      verdict: 'inconclusive',
      value: 0.15,
      sampleSize: 100,
    });
    // Also where the observed value keeps the tolerance and the interval does not.
    expect(evidenceOf(incidents(40, 2), 'recall_decrease')).toMatchObject({
      verdict: 'inconclusive',
      value: 0.05,
    });
    expect(evidenceOf(incidents(400, 12), 'recall_decrease')).toMatchObject({
      verdict: 'healthy',
      value: 0.03,
    });
    expect(evidenceOf(incidents(400, 80), 'recall_decrease')).toMatchObject({ verdict: 'degraded' });
  });

  // The arms agree on all rows but those that only the canary has wrong: the fewest rows tell of it.
  it.each([
    ['recall_decrease', 0.1, 'missed', 1, 5, 120],
    ['brier_increase', 0.01, 'brier', 0.96, 50, 120],
    ['cost_increase', 1, 'cost', 100, 50, 120],
  ] as const)(
    'is taken for one that is as good by %s in at most 5 % of 300 where the truth is the tolerance of %d',
    (metric, tolerance, sums, harm, rowsPerLook, looks) => {
      const only = rolloutPolicy.parse({
        ...policy,
        criteria: policy.criteria.filter((criterion) => criterion.metric === metric),
      });
      const isEverHealthy = (seed: number): boolean => {
        const random = new SeededRandom(seed);
        let [rows, wrong] = [0, 0];
        for (let look = 0; look < looks; look += 1) {
          for (let row = 0; row < rowsPerLook; row += 1) if (random.next() < tolerance / harm) wrong += 1;
          rows += rowsPerLook;
          const differences = { rows, sum: wrong * harm, squares: wrong * harm ** 2 };
          const outcomes = { ...noStatistics.outcomes, rows, [sums]: differences };
          if (judgeStep({ ...noStatistics, outcomes }, only, 10).verdict === 'healthy') return true;
        }
        return false;
      };
      const healthy = Array.from({ length: 300 }, (_, seed) => isEverHealthy(seed)).filter(Boolean);
      expect(healthy.length / 300).toBeLessThanOrEqual(1 - policy.confidence);
    },
  );

  it('shows its quality before it gets 25 %: outcomes come of all the traffic, whoever serves it', () => {
    const quality = ['prediction_accuracy', 'brier_increase', 'recall_decrease', 'cost_increase'];
    for (const metric of quality) {
      const needed = policy.criteria.find((criterion) => criterion.metric === metric)?.neededFromPercent;
      expect(needed).toBeLessThan(25);
    }
  });
});

describe('a criterion', () => {
  const withCriteria = (...criteria: Partial<RolloutPolicy['criteria'][number]>[]): RolloutPolicy =>
    rolloutPolicy.parse({ ...policy, criteria });
  const verdictOf = (statistics: StepStatistics, criterion: object, percent = 5) =>
    judgeStep(statistics, withCriteria(criterion), percent).evidence[0]?.verdict;
  const psi = {
    metric: 'prediction_drift',
    direction: 'at-most',
    threshold: 0.25,
    minimumRows: 200,
  } as const;
  const window = (driftId: string, value: number, pValue: number, rows = 500) => ({
    driftId,
    rows,
    psi: value,
    pValue,
  });

  it('compares the error rate with the baseline of the same step', () => {
    const ratio = { metric: 'error_rate_ratio', direction: 'at-most', threshold: 1 } as const;
    const arms = (baseline: number, canary: number): StepStatistics => ({
      ...noStatistics,
      baseline: { predictions: 19_000, errors: baseline, latencies: {}, systems: undefined },
      canary: { predictions: 1_000, errors: canary, latencies: {}, systems: undefined },
    });
    // As often, so far: that it errs more often is neither proved nor excluded.
    expect(verdictOf(arms(190, 10), ratio)).toBe('inconclusive');
    expect(verdictOf(arms(1_900, 40), ratio)).toBe('healthy');
    expect(verdictOf(arms(190, 40), ratio)).toBe('degraded');
    // Without a baseline there is nothing to compare with, and nothing is judged.
    expect(judgeStep(arms(0, 40), withCriteria(ratio), 100)).toEqual({ verdict: 'no-data', evidence: [] });
    const [clean] = judgeStep(arms(0, 40), withCriteria(ratio), 5).evidence;
    expect(clean).toMatchObject({ verdict: 'degraded', baselineValue: 0 });
    expect(Number.isFinite(clean?.value)).toBe(true);
  });

  it('takes drift of the predictions for harm when it is large, significant and of enough rows', () => {
    const after = (...windows: ReturnType<typeof window>[]) =>
      verdictOf(windows.reduce(countDrift, noStatistics), psi);
    expect(after()).toBe('no-data');
    expect(after(window('a', 0.4, 1e-6))).toBe('degraded');
    expect(after(window('a', 0.2, 1e-6))).toBe('healthy');
    expect(after(window('a', 0.4, 0.2))).toBe('inconclusive');
    expect(after(window('a', 0.4, 1e-6, 50))).toBe('inconclusive');
    // Told twice is counted once; a harmful window is not forgotten for a harmless one after it.
    expect(after(window('a', 0.4, 1e-6), window('b', 0.1, 0.5))).toBe('degraded');
    expect(countDrift(countDrift(noStatistics, window('a', 1, 0)), window('a', 1, 0)).drift).toHaveLength(1);
  });

  it('spends its error over the windows: the twentieth must be surer than the first', () => {
    const harmless = Array.from({ length: 19 }, (_, index) => window(`w${index}`, 0.1, 0.5));
    const last = (pValue: number) =>
      verdictOf([...harmless, window('last', 0.4, pValue)].reduce(countDrift, noStatistics), psi);
    // 0.05 / (20 * 21) = 0.000119
    expect([last(0.0002), last(0.0001)]).toEqual(['inconclusive', 'degraded']);
  });

  it('believes in a rate by the whole rollout, and sees harm in the step', () => {
    const rate = { metric: 'error_rate', direction: 'at-most', threshold: 0.01 };
    const proved = nextStep(predictions(1_000, 0));
    expect(verdictOf(proved, rate)).toBe('no-data');
    const inNextStep = (errors: number): StepStatistics => ({
      ...proved,
      canary: { predictions: 100, errors, latencies: {}, systems: undefined },
    });
    expect(verdictOf(inNextStep(0), rate)).toBe('healthy');
    expect(verdictOf(inNextStep(10), rate)).toBe('degraded');
  });

  it('does not call two missed incidents a harm that is proved', () => {
    const both = [0, 1].reduce(
      (statistics) =>
        countOutcome(statistics, { baseline: 0.9, canary: 0.1, happened: true }, 0.5, policy.outcomes.costs),
      noStatistics,
    );
    expect(judgeStep(both, policy, 5).verdict).toBe('no-data');
    expect(evidenceOf(both, 'cost_increase')).toMatchObject({ verdict: 'inconclusive', value: 100 });
  });
});

const { active: anyRollout } = startRollout(
  { ...newDelivery('m'), stable: version(1) },
  version(2),
  { name: 'default', version: '1', digest: 'sha256:1', value: policy },
  { now, reason: 'test' },
).delivery;
if (anyRollout === undefined) throw new Error('no rollout');

describe('decide', () => {
  const preparing = anyRollout;
  const inStep = (state: Rollout['state'], step = 0): Rollout => ({
    ...preparing,
    state,
    step,
    deadline: new Date(now.getTime() + 86_400_000).toISOString(),
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
    ['analysing', 'no-data', 86_400, 'roll-back'],
    ['analysing', 'degraded', 1, 'roll-back'],
    ['paused', 'healthy', 300, 'wait'],
    ['paused', 'degraded', 1, 'roll-back'],
    ['paused', 'inconclusive', 86_400, 'roll-back'],
    ['promoted', 'degraded', 86_400, 'wait'],
    ['superseded', 'degraded', 86_400, 'wait'],
  ] as const)('of a rollout that is %s and %s after %i s is %s', (state, verdict, seconds, action) => {
    const rollout = state === 'preparing' ? preparing : inStep(state);
    expect(decide(rollout, judged(verdict), policy, at(seconds)).action).toBe(action);
  });

  it('promotes after the last step, and only there', () => {
    expect(decide(inStep('analysing', 3), judged('healthy'), policy, at(300)).action).toBe('advance');
    expect(decide(inStep('analysing', 4), judged('healthy'), policy, at(300)).action).toBe('promote');
  });

  it('names in its reason what is missing, not what is needed at no step', () => {
    const inconclusive = (criterion: string) => ({
      criterion,
      verdict: 'inconclusive' as const,
      value: 0.05,
      threshold: 0.1,
      direction: 'at-most' as const,
      sampleSize: 40,
    });
    const evidence = [inconclusive('error_rate_ratio'), inconclusive('recall_decrease')];
    const held = decide(inStep('analysing', 1), { verdict: 'inconclusive', evidence }, policy, at(300));
    expect(held).toEqual({ action: 'hold', reason: 'inconclusive: recall_decrease inconclusive (40 rows)' });
  });

  it('asks a person at the deadline when the policy says so', () => {
    const asking = { ...policy, atDeadline: 'pause' as const };
    expect(decide(inStep('analysing'), judged('no-data'), asking, at(86_400)).action).toBe('pause');
  });
});

describe('decide, for any state, evidence and time', () => {
  const states = ['preparing', 'analysing', 'paused', 'promoted', 'rolled-back', 'superseded'] as const;
  const verdicts = ['healthy', 'degraded', 'inconclusive', 'no-data'] as const;
  const rollouts = fc.record({
    state: fc.constantFrom(...states),
    step: fc.integer({ min: 0, max: 4 }),
    began: fc.integer({ min: -100_000, max: 100_000 }),
    lasts: fc.integer({ min: 0, max: 200_000 }),
    holdsStated: fc.integer({ min: 0, max: 400 }),
    readable: fc.boolean(),
  });
  const judgements = fc.constantFrom(...verdicts).map((verdict) => ({
    verdict,
    evidence: [
      {
        criterion: 'error_rate',
        verdict,
        value: 0.1,
        threshold: 0.01,
        direction: 'at-most' as const,
        sampleSize: 9,
      },
    ],
  }));
  const policies = fc.constantFrom('roll-back' as const, 'pause' as const);

  it('answers exactly one of the actions that the state allows, and waits only before a deadline', () => {
    const allowed: Readonly<Record<Rollout['state'], readonly string[]>> = {
      preparing: ['wait', 'roll-back'],
      analysing: ['wait', 'hold', 'advance', 'promote', 'pause', 'roll-back'],
      paused: ['wait', 'roll-back'],
      promoted: ['wait'],
      'rolled-back': ['wait'],
      superseded: ['wait'],
    };
    fc.assert(
      fc.property(rollouts, judgements, policies, (drawn, judgement, atDeadline) => {
        const start = now.getTime() + drawn.began * 1_000;
        const deadline = start + drawn.lasts * 1_000;
        const rollout: Rollout = {
          ...anyRollout,
          ...drawn,
          stepStartedAt: new Date(start).toISOString(),
          deadline: drawn.readable ? new Date(deadline).toISOString() : 'no instant',
        };
        const under = { ...policy, atDeadline };
        const decision = decide(rollout, judgement, under, now);
        expect(allowed[drawn.state]).toContain(decision.action);
        expect(decide(rollout, judgement, under, now)).toEqual(decision);
        const waiting = ['preparing', 'analysing', 'paused'].includes(drawn.state);
        const late = !drawn.readable || now.getTime() >= deadline;
        if (waiting && late) expect(['wait', 'hold']).not.toContain(decision.action);
        if (judgement.verdict === 'degraded' && ['analysing', 'paused'].includes(drawn.state)) {
          expect(decision.action).toBe('roll-back');
        }
        if (decision.action === 'advance' || decision.action === 'promote') {
          expect(judgement.verdict).toBe('healthy');
          expect(now.getTime() - start).toBeGreaterThanOrEqual(policy.stepSeconds * 1_000);
        }
        if (decision.action !== 'wait') expect(decision.reason).not.toBe('');
      }),
      { seed: 20_261_124, numRuns: 2_000 },
    );
  });

  it('throws for a state that it does not know, instead of doing nothing', () => {
    const unknown = { ...anyRollout, state: 'dreaming' as Rollout['state'] };
    expect(() => decide(unknown, { verdict: 'healthy', evidence: [] }, policy, now)).toThrow(/dreaming/);
  });
});
