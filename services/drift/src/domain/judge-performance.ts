import { type Evidence } from '@headrace/contracts';
import { type Verdict } from '@headrace/kernel';
import { type BinaryMetrics, evaluateBinary, wilsonInterval } from '@headrace/statistics';
import { type DriftPolicy } from './drift-policy.js';

/** A prediction whose outcome is known. */
export interface LabelledPrediction {
  readonly probability: number;
  readonly label: number;
}

export interface PerformanceJudgement {
  readonly verdict: Verdict;
  readonly metrics: BinaryMetrics;
  readonly evidence: readonly Evidence[];
  /** Worse than a `critical` limit. */
  readonly critical: boolean;
}

/** Metrics that are a share of all rows. Only these have a Wilson interval. */
const shares = new Set<string>(['accuracy']);

/**
 * Judges predictions against their outcomes, rows in order of time. A criterion is degraded when its metric lies beyond
 * the limit. A share such as accuracy is degraded when its whole Wilson interval lies beyond the limit, and inconclusive
 * when only its value does. Fewer labels than the minimum are inconclusive; no labels, or a metric that is not defined on
 * these rows, are no-data. Neither is ever healthy.
 */
export function judgePerformance(
  rows: readonly LabelledPrediction[],
  policy: DriftPolicy['performance'],
): PerformanceJudgement {
  const metrics = evaluateBinary(
    rows.map(({ label }) => (label > 0 ? 1 : 0)),
    rows.map(({ probability }) => probability),
    { threshold: policy.threshold },
  );
  const evidence = policy.criteria.flatMap((criterion) => {
    const value = (metrics as Readonly<Record<string, number | undefined>>)[criterion.metric];
    const judge = (name: string, threshold: number): Evidence => ({
      criterion: name,
      verdict: judgeLimit(value, threshold, criterion, rows.length, policy),
      value: value ?? null,
      threshold,
      direction: criterion.direction,
      sampleSize: rows.length,
      confidence: shares.has(criterion.metric) ? policy.confidence : null,
    });
    const limits = [judge(criterion.metric, criterion.retrain)];
    if (criterion.critical !== undefined) {
      limits.push(judge(`${criterion.metric} critical`, criterion.critical));
    }
    return limits;
  });
  return {
    verdict: findWorst(
      evidence.map(({ verdict }) => verdict),
      rows.length,
      policy.minimumLabelled,
    ),
    metrics,
    evidence,
    critical: evidence.some(
      ({ criterion, verdict }) => criterion.endsWith(' critical') && verdict === 'degraded',
    ),
  };
}

function judgeLimit(
  value: number | undefined,
  threshold: number,
  { metric, direction }: DriftPolicy['performance']['criteria'][number],
  rows: number,
  policy: DriftPolicy['performance'],
): Verdict {
  if (value === undefined) return 'no-data';
  if (rows < policy.minimumLabelled) return 'inconclusive';
  if (direction === 'at-least' ? value >= threshold : value <= threshold) return 'healthy';
  if (!shares.has(metric)) return 'degraded';
  const interval = wilsonInterval({ successes: Math.round(value * rows), trials: rows }, policy.confidence);
  if (!interval) return 'no-data';
  return (direction === 'at-least' ? interval.high < threshold : interval.low > threshold)
    ? 'degraded'
    : 'inconclusive';
}

function findWorst(verdicts: readonly Verdict[], rows: number, minimum: number): Verdict {
  if (rows === 0) return 'no-data';
  if (rows < minimum) return 'inconclusive';
  const order: readonly Verdict[] = ['degraded', 'inconclusive', 'no-data', 'healthy'];
  return order.find((verdict) => verdicts.includes(verdict)) ?? 'inconclusive';
}
