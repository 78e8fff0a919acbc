import { assertNever } from '@headrace/kernel';
import { type Interval, meanConfidenceSequence, proportionConfidenceSequence } from '@headrace/statistics';
import { type Criterion, type RolloutPolicy } from '../policy/rollout-policy.js';
import {
  canarySoFar,
  latencyBound,
  latencyBucket,
  type ArmStatistics,
  type DriftWindow,
  type StepStatistics,
} from './step-statistics.js';
import { toMoments, type ValueSums } from './value-sums.js';

export interface Measurement {
  readonly value: number;
  readonly baselineValue?: number | undefined;
  readonly rows: number;
  /** Holds at this confidence however often it is evaluated. */
  readonly interval: (confidence: number) => Interval;
  /** What the interval is compared with when it is not an interval of the value. Default: the threshold. */
  readonly limit?: number;
  /** The interval holds only for many rows: below `minimumRows` it proves nothing, not even harm. */
  readonly approximate?: boolean;
  /** The same over the whole rollout where that is more than the step. Health may be proved by it. */
  readonly soFar?: Measurement | undefined;
}

/** Measures one criterion on the statistics of a step at a percent of the traffic. Undefined: there is no data. */
export function measureCriterion(
  statistics: StepStatistics,
  criterion: Criterion,
  policy: RolloutPolicy,
  percent: number,
): Measurement | undefined {
  const { canary, baseline, outcomes, paired, drift } = statistics;
  const { falsePositive, falseNegative } = policy.outcomes.costs;
  switch (criterion.metric) {
    case 'error_rate': {
      const rate = ({ errors, predictions }: ArmStatistics): Measurement | undefined =>
        measureShare(errors, predictions, computeRate(baseline.errors, baseline.predictions));
      return withRollout(rate(canary), rate(canarySoFar(statistics)));
    }
    case 'error_rate_ratio':
      return measureErrorRatio(canary, baseline);
    case 'latency_p99':
      return withRollout(
        measureLatency(canary, baseline, criterion.threshold),
        measureLatency(canarySoFar(statistics), baseline, criterion.threshold),
      );
    case 'prediction_accuracy':
      return measureAccuracy(outcomes);
    case 'disagreement':
      return measureShare(paired.disagreements, paired.rows);
    case 'throughput_degradation':
      return measureThroughput(statistics, percent);
    case 'brier_increase':
      return measureDifference(outcomes.brier, 1, criterion);
    case 'recall_decrease':
      return measureDifference(outcomes.missed, 1, criterion);
    case 'cost_increase':
      return measureDifference(outcomes.cost, Math.max(falsePositive, falseNegative), criterion);
    case 'prediction_drift':
      return measurePredictionDrift(drift ?? [], criterion);
    default:
      return assertNever(criterion.metric);
  }
}

function withRollout(step: Measurement | undefined, soFar: Measurement | undefined): Measurement | undefined {
  return step === undefined ? undefined : { ...step, soFar };
}

function measureShare(successes: number, trials: number, baselineValue?: number): Measurement | undefined {
  if (trials === 0) return undefined;
  return {
    value: successes / trials,
    interval: (confidence) => proportionConfidenceSequence({ successes, trials }, confidence),
    rows: trials,
    baselineValue,
  };
}

/**
 * Outcomes of neighbouring rows are correlated: an incident within the horizon of one row is within that of the next. The
 * interval assumes independent rows, so two wrong rows in two seconds prove nothing yet.
 */
function measureAccuracy(outcomes: StepStatistics['outcomes']): Measurement | undefined {
  const { canaryCorrect, baselineCorrect, rows } = outcomes;
  const measured = measureShare(canaryCorrect, rows, computeRate(baselineCorrect, rows));
  return measured && { ...measured, approximate: true };
}

/**
 * Error rate of the canary / that of the baseline. Its interval divides the bounds of two confidence sequences, each at
 * half of the error that is allowed, so it holds at all times at once. A baseline without errors has no ratio yet: the
 * value is then against the largest rate that its clean predictions leave possible.
 */
function measureErrorRatio(canary: ArmStatistics, baseline: ArmStatistics): Measurement | undefined {
  if (canary.predictions === 0 || baseline.predictions === 0) return undefined;
  const bounds = ({ errors, predictions }: ArmStatistics, confidence: number): Interval =>
    proportionConfidenceSequence({ successes: errors, trials: predictions }, 1 - (1 - confidence) / 2);
  const rate = canary.errors / canary.predictions;
  const baselineValue = baseline.errors / baseline.predictions;
  return {
    value: rate / (baseline.errors > 0 ? baselineValue : bounds(baseline, 0.95).high),
    baselineValue,
    rows: canary.predictions,
    interval: (confidence) => {
      const [own, other] = [bounds(canary, confidence), bounds(baseline, confidence)];
      return { low: own.low / other.high, high: other.low > 0 ? own.high / other.low : Infinity };
    },
  };
}

function computeRate(successes: number, trials: number): number | undefined {
  return trials === 0 ? undefined : successes / trials;
}

/**
 * p99 <= t says that at most 1 % of the predictions took longer than t; that share has an exact confidence sequence. The
 * bucket that holds the threshold counts as within it.
 */
function measureLatency(
  canary: ArmStatistics,
  baseline: ArmStatistics,
  thresholdMs: number,
): Measurement | undefined {
  const value = latencyQuantile(canary, 0.99);
  if (value === undefined) return undefined;
  const limitBucket = latencyBucket(thresholdMs);
  const slow = Object.entries(canary.latencies)
    .filter(([bucket]) => Number(bucket) > limitBucket)
    .reduce((sum, [, count]) => sum + count, 0);
  return {
    value,
    interval: (confidence) =>
      proportionConfidenceSequence({ successes: slow, trials: canary.predictions }, confidence),
    limit: 0.01,
    rows: canary.predictions,
    baselineValue: latencyQuantile(baseline, 0.99),
  };
}

function latencyQuantile(arm: ArmStatistics, q: number): number | undefined {
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

/**
 * 1 - (rate of the canary / rate of the baseline), each for one system, because a sticky division gives an arm whole
 * systems, not a share of every one. Where the systems are not known, normalised by the shares of the traffic. Of all
 * rows, those of the canary are a proportion whatever the rate of both together does: its confidence sequence gives that
 * of the ratio. Rows come in clumps, some partitions ahead of others, so a few rows say nothing.
 */
function measureThroughput({ canary, baseline }: StepStatistics, percent: number): Measurement | undefined {
  if (baseline.predictions === 0 || canary.predictions === 0) return undefined;
  const expected =
    canary.systems !== undefined && baseline.systems !== undefined
      ? canary.systems.length / baseline.systems.length
      : percent / (100 - percent);
  const lossAt = (shareOfCanary: number): number => 1 - shareOfCanary / (1 - shareOfCanary) / expected;
  const trials = canary.predictions + baseline.predictions;
  return {
    value: 1 - canary.predictions / baseline.predictions / expected,
    rows: canary.predictions,
    interval: (confidence) => {
      const { low, high } = proportionConfidenceSequence(
        { successes: canary.predictions, trials },
        confidence,
      );
      return { low: lossAt(high), high: lossAt(low) };
    },
    approximate: true,
  };
}

/**
 * Mean of canary minus baseline on the same rows; `maxDifference`: how much worse one row can be. The interval is no narrower than
 * for a version that is at the threshold by rare rows which are worse by that much: before the first of them has come, rows
 * that are all equal look like proof.
 */
function measureDifference(
  sums: ValueSums,
  maxDifference: number,
  { threshold }: Criterion,
): Measurement | undefined {
  if (sums.rows < 2) return undefined;
  const moments = toMoments(sums);
  const options = {
    span: 2 * maxDifference,
    minVariance: Math.max(0, threshold * (maxDifference - threshold)),
  };
  return {
    value: moments.mean,
    interval: (confidence) =>
      meanConfidenceSequence(moments, confidence, options) ?? { low: -Infinity, high: Infinity },
    rows: sums.rows,
    approximate: true,
  };
}

/**
 * The newest window of drift, or the first that proves harm. Proof takes both: a size beyond the threshold, and
 * significance at what is left for this window, alpha / (k (k + 1)) for the k-th, so that any number of windows together
 * err at most alpha.
 */
function measurePredictionDrift(
  windows: readonly DriftWindow[],
  { threshold, minimumRows }: Criterion,
): Measurement | undefined {
  const compared = windows.filter(({ rows, psi }) => psi !== undefined && rows > 0);
  const isProved = (window: DriftWindow, index: number, confidence: number): boolean =>
    window.rows >= minimumRows &&
    (window.psi ?? 0) > threshold &&
    (window.pValue ?? 1) <= (1 - confidence) / ((index + 1) * (index + 2));
  const harmful = (confidence: number): DriftWindow | undefined =>
    compared.find((window, index) => isProved(window, index, confidence));
  const reported = harmful(0.95) ?? compared.at(-1);
  if (reported?.psi === undefined) return undefined;
  const value = reported.psi;
  return {
    value,
    rows: reported.rows,
    interval: (confidence) => {
      const psi = harmful(confidence)?.psi;
      return psi === undefined ? { low: 0, high: value } : { low: psi, high: psi };
    },
    approximate: true,
  };
}
