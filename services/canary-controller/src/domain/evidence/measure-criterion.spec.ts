import { describe, expect, it } from 'vitest';
import { rolloutPolicy, type Metric } from '../policy/rollout-policy.js';
import { measureCriterion, type Measurement } from './measure-criterion.js';
import {
  countDrift,
  countOutcome,
  latencyBound,
  latencyBucket,
  nextStep,
  noStatistics,
  type ArmStatistics,
  type StepStatistics,
} from './step-statistics.js';

const policy = rolloutPolicy.parse({
  name: 'p',
  steps: [10, 100],
  stepSeconds: 60,
  longestStepSeconds: 300,
  outcomes: { label: 'l', costs: { falsePositive: 10, falseNegative: 100 } },
  criteria: [{ metric: 'error_rate', direction: 'at-most', threshold: 0.05 }],
});

function measure(
  metric: Metric,
  statistics: StepStatistics,
  { threshold = 0.1, minimumRows = 1, percent = 10 } = {},
): Measurement | undefined {
  const criterion = { metric, direction: 'at-most', threshold, minimumRows, neededFromPercent: 0 } as const;
  return measureCriterion(statistics, criterion, policy, percent);
}

function arm(predictions: number, errors = 0, rest: Partial<ArmStatistics> = {}): ArmStatistics {
  return { predictions, errors, latencies: {}, systems: undefined, ...rest };
}

function outcomes(rows: readonly (readonly [baseline: number, canary: number, happened: boolean])[]) {
  return rows.reduce(
    (statistics, [baseline, canary, happened]) =>
      countOutcome(statistics, { baseline, canary, happened }, 0.5, policy.outcomes.costs),
    noStatistics,
  );
}

describe('measureCriterion', () => {
  it('has no measurement of any metric without data', () => {
    const metrics = [
      'error_rate',
      'error_rate_ratio',
      'latency_p99',
      'prediction_accuracy',
      'throughput_degradation',
      'brier_increase',
      'recall_decrease',
      'cost_increase',
      'disagreement',
      'prediction_drift',
    ] as const;
    for (const metric of metrics) expect(measure(metric, noStatistics)).toBeUndefined();
  });

  it('measures the error rate of the step, and that of the whole rollout beside it', () => {
    // First step: 2 errors of 100. This step: 3 of 50; the baseline has 1 of 200.
    const before = nextStep({ ...noStatistics, canary: arm(100, 2) });
    const measured = measure('error_rate', { ...before, canary: arm(50, 3), baseline: arm(200, 1) });
    expect(measured).toMatchObject({ value: 0.06, rows: 50, baselineValue: 0.005 });
    // 5 / 150
    expect(measured?.soFar?.value).toBeCloseTo(0.033_333, 6);
    expect(measured?.soFar?.rows).toBe(150);
  });

  it('has an interval that contains the rate and narrows with more rows', () => {
    const few = measure('error_rate', { ...noStatistics, canary: arm(100, 5) })?.interval(0.95);
    const many = measure('error_rate', { ...noStatistics, canary: arm(10_000, 500) })?.interval(0.95);
    expect(few?.low).toBeLessThan(0.05);
    expect(few?.high).toBeGreaterThan(0.05);
    expect(many?.low).toBeGreaterThan(few?.low ?? NaN);
    expect(many?.high).toBeLessThan(few?.high ?? NaN);
  });

  it('divides the error rates of the arms', () => {
    // 4 / 100 against 2 / 100
    const measured = measure('error_rate_ratio', {
      ...noStatistics,
      canary: arm(100, 4),
      baseline: arm(100, 2),
    });
    expect(measured).toMatchObject({ value: 2, baselineValue: 0.02, rows: 100 });
    const { low, high } = measured?.interval(0.95) ?? { low: NaN, high: NaN };
    expect(low).toBeLessThan(2);
    expect(high).toBeGreaterThan(2);
  });

  it('has no upper bound of the ratio while the baseline has no errors, and a finite value', () => {
    const measured = measure('error_rate_ratio', {
      ...noStatistics,
      canary: arm(100, 4),
      baseline: arm(100),
    });
    expect(measured?.interval(0.95).high).toBe(Infinity);
    // The baseline may err less than one time in one, so that the ratio is at least 0.04.
    expect(measured?.value).toBeGreaterThan(0.04);
    expect(Number.isFinite(measured?.value)).toBe(true);
  });

  it('takes p99 from the bucket of the 99th of 100 predictions and compares the slow share with 1 %', () => {
    const [fast, slow] = [latencyBucket(10), latencyBucket(200)];
    const ninetyNine = { [fast]: 99, [slow]: 1 };
    const measured = measure(
      'latency_p99',
      { ...noStatistics, canary: arm(100, 0, { latencies: ninetyNine }) },
      { threshold: 100 },
    );
    expect(measured).toMatchObject({ value: latencyBound(fast), limit: 0.01, rows: 100 });
    const ninetyEight = { [fast]: 98, [slow]: 2 };
    expect(
      measure('latency_p99', { ...noStatistics, canary: arm(100, 0, { latencies: ninetyEight }) })?.value,
    ).toBe(latencyBound(slow));
  });

  it('counts the bucket of the threshold as within it', () => {
    const bucket = latencyBucket(100);
    const statistics = { ...noStatistics, canary: arm(100, 0, { latencies: { [bucket]: 100 } }) };
    // No prediction is slow: the lower bound of a share of 0 of 100 is 0.
    expect(measure('latency_p99', statistics, { threshold: 100 })?.interval(0.95).low).toBe(0);
    // One bucket lower every prediction is slow.
    expect(measure('latency_p99', statistics, { threshold: 90 })?.interval(0.95).high).toBe(1);
  });

  it('measures accuracy, Brier score, recall and cost on the same rows', () => {
    // The canary misses the first incident and raises a false alarm on the last row.
    const statistics = outcomes([
      [0.9, 0.1, true],
      [0.9, 0.9, true],
      [0.1, 0.1, false],
      [0.1, 0.9, false],
    ]);
    expect(measure('prediction_accuracy', statistics)).toMatchObject({
      value: 0.5,
      baselineValue: 1,
      rows: 4,
      approximate: true,
    });
    // (0.9^2 - 0.1^2) on two of four rows
    expect(measure('brier_increase', statistics)?.value).toBeCloseTo(0.4, 12);
    // One of two incidents
    expect(measure('recall_decrease', statistics)).toMatchObject({ value: 0.5, rows: 2 });
    // (100 + 10) / 4
    expect(measure('cost_increase', statistics, { threshold: 5 })).toMatchObject({ value: 27.5, rows: 4 });
  });

  it('needs two rows for a difference', () => {
    expect(measure('brier_increase', outcomes([[0.9, 0.1, true]]))).toBeUndefined();
  });

  it('does not take equal rows for proof: the interval allows for rare rows that are worse', () => {
    const equal = outcomes(Array.from({ length: 10 }, () => [0.9, 0.9, true] as const));
    const measured = measure('recall_decrease', equal);
    expect(measured?.value).toBe(0);
    expect(measured?.interval(0.95).high).toBeGreaterThan(0.1);
  });

  it('measures how often the arms disagree', () => {
    const statistics = { ...noStatistics, paired: { rows: 80, disagreements: 20 } };
    expect(measure('disagreement', statistics)).toMatchObject({ value: 0.25, rows: 80 });
  });

  it('compares throughput a system where systems are known', () => {
    // 45 rows of 1 system against 900 of 18: 45 against 50 a system.
    const known = {
      ...noStatistics,
      canary: arm(45, 0, { systems: ['c'] }),
      baseline: arm(900, 0, { systems: Array.from({ length: 18 }, (_, index) => `b${index}`) }),
    };
    expect(measure('throughput_degradation', known)?.value).toBeCloseTo(0.1, 12);
  });

  it('compares throughput by the shares of the traffic where systems are not known', () => {
    // At 10 % the canary should have 1 / 9 of the baseline: 80 of 100.
    const unknown = { ...noStatistics, canary: arm(80), baseline: arm(900) };
    const measured = measure('throughput_degradation', unknown);
    expect(measured?.value).toBeCloseTo(0.2, 12);
    const { low, high } = measured?.interval(0.95) ?? { low: NaN, high: NaN };
    expect(low).toBeLessThan(0.2);
    expect(high).toBeGreaterThan(0.2);
  });

  it('takes the newest drift window, until one proves harm', () => {
    const quiet = { driftId: 'd1', rows: 500, psi: 0.05, pValue: 0.5 };
    const large = { driftId: 'd2', rows: 500, psi: 0.4, pValue: 0.001 };
    const small = { driftId: 'd3', rows: 500, psi: 0.02, pValue: 0.9 };
    const options = { threshold: 0.25, minimumRows: 200 };
    const before = countDrift(noStatistics, quiet);
    expect(measure('prediction_drift', before, options)).toMatchObject({ value: 0.05, rows: 500 });
    const after = [large, small].reduce(countDrift, before);
    const measured = measure('prediction_drift', after, options);
    // Second window: 0.001 <= 0.05 / (2 * 3)
    expect(measured?.value).toBe(0.4);
    expect(measured?.interval(0.95)).toEqual({ low: 0.4, high: 0.4 });
    // At 0.999 it takes 0.001 / 6: not proved.
    expect(measured?.interval(0.999).low).toBe(0);
  });

  it('does not take a large but short drift window for proof', () => {
    const short = { driftId: 'd1', rows: 100, psi: 0.9, pValue: 0 };
    const measured = measure('prediction_drift', countDrift(noStatistics, short), {
      threshold: 0.25,
      minimumRows: 200,
    });
    expect(measured?.interval(0.95)).toEqual({ low: 0, high: 0.9 });
  });
});
