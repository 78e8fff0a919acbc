import { type Evidence } from '@headrace/contracts';

export interface ValidationCriterion {
  readonly metric: string;
  readonly direction: 'at-least' | 'at-most';
  readonly threshold: number;
}

export interface ValidationPolicy {
  /** Fewer rows of the hold-out than this decide nothing. */
  readonly minRows: number;
  /** Fewer positives than this decide nothing. */
  readonly minPositives: number;
  readonly criteria: readonly ValidationCriterion[];
}

export interface HoldoutResult {
  readonly rows: number;
  readonly positives: number;
  /** Undefined: the metric is not defined for these rows. */
  readonly metrics: Readonly<Record<string, number | undefined>>;
}

/**
 * The validation gate: one piece of evidence a criterion, each with its own direction. A metric that could not be
 * computed is `no-data`, one of too few rows `inconclusive`; neither is a pass.
 */
export function judgeModel(result: HoldoutResult, policy: ValidationPolicy): readonly Evidence[] {
  const tooFew =
    result.rows < policy.minRows
      ? `${result.rows} rows of hold-out, ${policy.minRows} are needed`
      : result.positives < policy.minPositives
        ? `${result.positives} positives in the hold-out, ${policy.minPositives} are needed`
        : undefined;
  return policy.criteria.map(({ metric, direction, threshold }) => {
    const value = result.metrics[metric];
    const base = { criterion: metric, threshold, direction, sampleSize: result.rows };
    if (value === undefined || !Number.isFinite(value)) {
      return {
        ...base,
        verdict: 'no-data',
        value: null,
        detail: `${metric} is not defined for this hold-out`,
      };
    }
    if (tooFew !== undefined) return { ...base, verdict: 'inconclusive', value, detail: tooFew };
    const holds = direction === 'at-least' ? value >= threshold : value <= threshold;
    return { ...base, verdict: holds ? 'healthy' : 'degraded', value };
  });
}

/** A gate without criteria proves nothing, so it passes nothing. */
export function passes(evidence: readonly Evidence[]): boolean {
  return evidence.length > 0 && evidence.every((piece) => piece.verdict === 'healthy');
}
