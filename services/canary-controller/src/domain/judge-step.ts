import { type Evidence } from '@headrace/contracts';
import { assertNever, type Verdict } from '@headrace/kernel';
import { proportionConfidenceSequence } from '@headrace/statistics';
import { meanConfidenceSequence, type Moments } from './mean-confidence-sequence.js';
import { type Criterion, type RolloutPolicy } from './rollout-policy.js';
import { latencyBound, latencyBucket, type ArmStatistics, type StepStatistics } from './step-statistics.js';

/** The verdict on a step with the evidence of every criterion, also of those that need none yet. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly evidence: readonly Evidence[];
}

/** What was measured, and the interval that holds however often one looks. */
interface Measurement {
  readonly value: number;
  readonly baselineValue?: number;
  readonly low: number;
  readonly high: number;
  readonly rows: number;
  /** What the interval is held against when it is not of the value itself. Default: the threshold. */
  readonly limit?: number;
  /** The interval holds for many rows only: below `minimumRows` it proves nothing, not even harm. */
  readonly approximate?: boolean;
}

/**
 * Judges a step: each criterion by itself, then together. Proved harm of any criterion is `degraded`. A criterion that is
 * needed at this step and has no or too little evidence makes the whole `no-data` or `inconclusive`; never `healthy`.
 * Intervals are confidence sequences, so that judging every second does not raise the rate of false alarms.
 */
export function judgeStep(statistics: StepStatistics, declared: RolloutPolicy, percent: number): Judgement {
  // Each step counts anew, so each gets its share of the error that the whole rollout may make.
  const policy = { ...declared, confidence: 1 - (1 - declared.confidence) / declared.steps.length };
  const judged = policy.criteria
    // With all of the traffic on one arm there is no other rate to compare with.
    .filter(({ metric }) => metric !== 'throughput_degradation' || percent < 100)
    .map((criterion) => ({ criterion, evidence: judgeCriterion(statistics, criterion, policy, percent) }));
  const evidence = judged.map((each) => each.evidence);
  const needed = judged
    .filter(({ criterion }) => percent >= criterion.neededFromPercent)
    .map((each) => each.evidence.verdict);
  return {
    verdict: combined(
      evidence.map(({ verdict }) => verdict),
      needed,
    ),
    evidence,
  };
}

function combined(all: readonly Verdict[], needed: readonly Verdict[]): Verdict {
  if (all.includes('degraded')) return 'degraded';
  if (needed.includes('no-data')) return 'no-data';
  if (needed.includes('inconclusive')) return 'inconclusive';
  // A step at which nothing is needed is judged by whatever there is; nothing at all is not healthy.
  return all.includes('healthy') ? 'healthy' : 'no-data';
}

function judgeCriterion(
  statistics: StepStatistics,
  criterion: Criterion,
  policy: RolloutPolicy,
  percent: number,
): Evidence {
  const { metric, direction, threshold, belief, minimumRows } = criterion;
  const measured = measure(statistics, criterion, policy, percent);
  const base = { criterion: metric, direction, threshold, confidence: policy.confidence };
  if (measured === undefined)
    return { ...base, verdict: 'no-data', value: null, sampleSize: 0, detail: 'nothing was measured' };
  const { value, low, high, rows, limit = threshold } = measured;
  const enough = rows >= minimumRows;
  const beyond = direction === 'at-most' ? low > limit : high < limit;
  const harmful = beyond && (enough || measured.approximate !== true);
  const kept = direction === 'at-most' ? high <= limit : low >= limit;
  const verdict: Verdict = harmful
    ? 'degraded'
    : enough && (kept || belief === 'not-refuted')
      ? 'healthy'
      : 'inconclusive';
  return {
    ...base,
    verdict,
    value,
    baselineValue: measured.baselineValue ?? null,
    sampleSize: rows,
    detail:
      measured.limit === undefined
        ? `between ${rounded(low)} and ${rounded(high)}`
        : `share beyond the threshold between ${rounded(low)} and ${rounded(high)}, allowed ${limit}`,
  };
}

function measure(
  statistics: StepStatistics,
  { metric, threshold }: Criterion,
  policy: RolloutPolicy,
  percent: number,
): Measurement | undefined {
  const { canary, baseline, outcomes, paired } = statistics;
  switch (metric) {
    case 'error_rate':
      return share(canary.errors, canary.predictions, policy, rateOf(baseline.errors, baseline.predictions));
    case 'latency_p99':
      return latency(canary, baseline, threshold, policy);
    case 'prediction_accuracy':
      return share(
        outcomes.canaryCorrect,
        outcomes.rows,
        policy,
        rateOf(outcomes.baselineCorrect, outcomes.rows),
      );
    case 'disagreement':
      return share(paired.disagreements, paired.rows, policy);
    case 'throughput_degradation':
      return throughput(statistics, percent);
    case 'brier_increase':
      return difference(outcomes.brier, policy);
    case 'recall_decrease':
      return difference(outcomes.missed, policy);
    case 'cost_increase':
      return difference(outcomes.cost, policy);
    default:
      return assertNever(metric);
  }
}

function share(
  successes: number,
  trials: number,
  { confidence }: RolloutPolicy,
  baselineValue?: number,
): Measurement | undefined {
  if (trials === 0) return undefined;
  const { low, high } = proportionConfidenceSequence({ successes, trials }, confidence);
  return {
    value: successes / trials,
    low,
    high,
    rows: trials,
    ...(baselineValue === undefined ? {} : { baselineValue }),
  };
}

function rateOf(successes: number, trials: number): number | undefined {
  return trials === 0 ? undefined : successes / trials;
}

/**
 * p99 <= t says that at most 1 % of the predictions took longer than t; that share has an exact confidence sequence. The
 * bucket that holds the threshold counts as within it.
 */
function latency(
  canary: ArmStatistics,
  baseline: ArmStatistics,
  thresholdMs: number,
  { confidence }: RolloutPolicy,
): Measurement | undefined {
  const value = quantile(canary, 0.99);
  if (value === undefined) return undefined;
  const limitBucket = latencyBucket(thresholdMs);
  const slow = Object.entries(canary.latencies)
    .filter(([bucket]) => Number(bucket) > limitBucket)
    .reduce((sum, [, count]) => sum + count, 0);
  const baselineValue = quantile(baseline, 0.99);
  return {
    value,
    ...proportionConfidenceSequence({ successes: slow, trials: canary.predictions }, confidence),
    limit: 0.01,
    rows: canary.predictions,
    ...(baselineValue === undefined ? {} : { baselineValue }),
  };
}

function quantile(arm: ArmStatistics, q: number): number | undefined {
  let seen = 0;
  const buckets = Object.entries(arm.latencies)
    .map(([bucket, count]) => [Number(bucket), count] as const)
    .sort(([a], [b]) => a - b);
  for (const [bucket, count] of buckets) {
    seen += count;
    if (seen >= q * arm.predictions) return latencyBound(bucket);
  }
  return undefined;
}

/** Looks are many: three standard errors instead of two. */
const deviations = 3;

/**
 * 1 - (rate of the canary / rate of the baseline), each for one system, because a sticky division gives an arm whole
 * systems, not a share of every one. Where the systems are not known, normalised by the shares of the traffic. Rows come
 * in clumps, some partitions ahead of others, so a few rows say nothing.
 */
function throughput({ canary, baseline }: StepStatistics, percent: number): Measurement | undefined {
  if (baseline.predictions === 0 || canary.predictions === 0) return undefined;
  const expected =
    canary.systems !== undefined && baseline.systems !== undefined
      ? canary.systems.length / baseline.systems.length
      : percent / (100 - percent);
  const ratio = canary.predictions / baseline.predictions / expected;
  const error = ratio * Math.sqrt(1 / canary.predictions + 1 / baseline.predictions) * deviations;
  const value = 1 - ratio;
  return { value, low: value - error, high: value + error, rows: canary.predictions, approximate: true };
}

function difference(moments: Moments, { confidence }: RolloutPolicy): Measurement | undefined {
  const sequence = meanConfidenceSequence(moments, confidence);
  return sequence === undefined
    ? undefined
    : { value: sequence.mean, low: sequence.low, high: sequence.high, rows: moments.rows };
}

function rounded(value: number): string {
  return Number(value.toPrecision(4)).toString();
}
