import { type Evidence } from '@headrace/contracts';
import { type Verdict } from '@headrace/kernel';
import { measureCriterion } from './measure-criterion.js';
import { isNeeded, type Criterion, type Metric, type RolloutPolicy } from '../policy/rollout-policy.js';
import { type StepStatistics } from './step-statistics.js';

/** The verdict on a step with the evidence of every criterion, including those not needed yet. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly evidence: readonly Evidence[];
}

/** Compared with the traffic of the other arm in the same step: with all of it on one arm there is nothing to compare. */
const comparativeMetrics: ReadonlySet<Metric> = new Set(['throughput_degradation', 'error_rate_ratio']);
/** Counted from zero in each step; the others accumulate over the rollout. */
const perStepMetrics: ReadonlySet<Metric> = new Set([
  'error_rate',
  'error_rate_ratio',
  'latency_p99',
  'throughput_degradation',
]);

/**
 * Judges a step: each criterion by itself, then together. Proved harm of any criterion is `degraded`. `healthy` is a
 * criterion whose whole interval keeps the threshold: not to be proved worse is not to be proved as good, and a version
 * must show the latter. While the interval still reaches beyond the threshold a criterion is `inconclusive`, and one that
 * is needed at this step makes the whole `inconclusive`, or `no-data` where nothing was measured; never `healthy`.
 * Intervals are confidence sequences, so that judging every second does not raise the rate of false alarms.
 *
 * The two errors are kept apart. A good version is rolled back when any of the criteria at any of the steps is wrong, so
 * `1 - confidence` is divided among them: over the whole rollout it is at most that. A bad version is promoted only when
 * every needed criterion is wrong, so health is believed at `confidence` itself.
 *
 * Harm is looked for in the step alone, because it may come with the load. Health is believed by all the predictions of
 * the canary so far, so that with little traffic a rate is proved once and not at each step; a step without a prediction
 * of its own is no-data all the same.
 */
export function judgeStep(statistics: StepStatistics, policy: RolloutPolicy, percent: number): Judgement {
  const judged = policy.criteria
    .filter(({ metric }) => percent < 100 || !comparativeMetrics.has(metric))
    .map((criterion) => ({
      criterion,
      evidence: judgeCriterion(statistics, criterion, policy, percent),
    }));
  const evidence = judged.map((each) => each.evidence);
  const needed = judged
    .filter(({ criterion }) => isNeeded(criterion, percent))
    .map((each) => each.evidence.verdict);
  return {
    verdict: combineVerdicts(
      evidence.map(({ verdict }) => verdict),
      needed,
    ),
    evidence,
  };
}

function combineVerdicts(all: readonly Verdict[], needed: readonly Verdict[]): Verdict {
  if (all.includes('degraded')) return 'degraded';
  if (needed.includes('no-data')) return 'no-data';
  if (needed.includes('inconclusive')) return 'inconclusive';
  // A step at which nothing is needed is judged by whatever there is; nothing at all is not healthy.
  if (all.includes('healthy')) return 'healthy';
  return all.includes('inconclusive') ? 'inconclusive' : 'no-data';
}

/** The confidence that harm needs, so that all criteria at all steps together err no more often than the policy allows. */
function harmConfidence({ metric }: Criterion, { confidence, criteria, steps }: RolloutPolicy): number {
  return 1 - (1 - confidence) / criteria.length / (perStepMetrics.has(metric) ? steps.length : 1);
}

function judgeCriterion(
  statistics: StepStatistics,
  criterion: Criterion,
  policy: RolloutPolicy,
  percent: number,
): Evidence {
  const { metric, direction, threshold, minimumRows } = criterion;
  const { confidence } = policy;
  const measured = measureCriterion(statistics, criterion, policy, percent);
  const base = { criterion: metric, direction, threshold };
  if (measured === undefined) {
    return {
      ...base,
      confidence,
      verdict: 'no-data',
      value: null,
      sampleSize: 0,
      detail: 'nothing was measured',
    };
  }
  const { limit = threshold, soFar = measured } = measured;
  const harm = harmConfidence(criterion, policy);
  const enough = measured.rows >= minimumRows;
  const [healthInterval, harmInterval] = [soFar.interval(confidence), measured.interval(harm)];
  const beyond = direction === 'at-most' ? harmInterval.low > limit : harmInterval.high < limit;
  const harmful = beyond && (enough || measured.approximate !== true);
  const kept = direction === 'at-most' ? healthInterval.high <= limit : healthInterval.low >= limit;
  const verdict: Verdict = harmful ? 'degraded' : enough && kept ? 'healthy' : 'inconclusive';
  const reported = harmful ? measured : soFar;
  const { low, high } = harmful ? harmInterval : healthInterval;
  const between = `between ${formatNumber(low)} and ${formatNumber(high)}`;
  return {
    ...base,
    confidence: harmful ? harm : confidence,
    verdict,
    value: reported.value,
    baselineValue: reported.baselineValue ?? null,
    sampleSize: reported.rows,
    detail:
      measured.limit === undefined
        ? between
        : `share beyond the threshold ${between}, ${direction} ${limit} is allowed`,
  };
}

function formatNumber(value: number): string {
  return Number(value.toPrecision(4)).toString();
}
