import { type Evidence } from '@headrace/contracts';
import { finiteOrNull } from '@headrace/kernel';
import { judgeModel, passes, type HoldoutResult } from './judge-model.js';

/** How much worse than the exact model a variant may be in one metric; `direction` says which way is worse. */
export interface VariantCriterion {
  readonly metric: string;
  /** `at-least`: the variant's value must reach the exact one's less the tolerance; `at-most`: not exceed it by more. */
  readonly direction: 'at-least' | 'at-most';
  readonly tolerance: number;
}

export interface VariantPolicy {
  readonly minRows: number;
  readonly minPositives: number;
  readonly criteria: readonly VariantCriterion[];
}

export interface VariantVerdict {
  /** `no-gain`: it is not smaller, so there is nothing to lose anything for. */
  readonly outcome: 'kept' | 'too-lossy' | 'undecided' | 'no-gain';
  /** One piece a criterion, the exact model's value as the baseline. */
  readonly evidence: readonly Evidence[];
}

/**
 * Whether a smaller variant of a model may stand beside it: in no metric is it worse than the exact one on the same rows
 * by more than its tolerance. A variant that is better by chance gains nothing by it.
 *
 * Both are judged on the hold-out, which is small: what is too few rows for the gate decides nothing here either, and a
 * metric that is undefined for one of the two is `no-data`. Neither is a pass.
 */
export function judgeVariant(
  exact: { readonly bytes: number; readonly holdout: HoldoutResult },
  variant: { readonly bytes: number; readonly holdout: HoldoutResult },
  policy: VariantPolicy,
): VariantVerdict {
  const evidence = policy.criteria.flatMap(({ metric, direction, tolerance }): readonly Evidence[] => {
    const baseline = exact.holdout.metrics[metric];
    if (baseline === undefined || !Number.isFinite(baseline)) {
      return [
        {
          criterion: metric,
          verdict: 'no-data',
          value: finiteOrNull(variant.holdout.metrics[metric]),
          baselineValue: null,
          threshold: tolerance,
          direction,
          sampleSize: variant.holdout.rows,
          detail: `${metric} of the exact model is not defined for this hold-out`,
        },
      ];
    }
    const threshold = direction === 'at-least' ? baseline - tolerance : baseline + tolerance;
    return judgeModel(variant.holdout, { ...policy, criteria: [{ metric, direction, threshold }] }).map(
      (piece) => ({ ...piece, baselineValue: baseline }),
    );
  });
  if (variant.bytes >= exact.bytes) return { outcome: 'no-gain', evidence };
  if (passes(evidence)) return { outcome: 'kept', evidence };
  const lossy = evidence.some(({ verdict }) => verdict === 'degraded');
  return { outcome: lossy ? 'too-lossy' : 'undecided', evidence };
}
