import { z } from 'zod';

export const metrics = [
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
export type Metric = (typeof metrics)[number];

/**
 * One condition on one metric. The direction is explicit, so that a high accuracy is not taken for a high error rate.
 *
 * - `error_rate`, `latency_p99` (ms), `prediction_accuracy`, `disagreement`: of the canary, in absolute terms.
 * - `error_rate_ratio` (canary / baseline), `throughput_degradation` (1 - rate / rate): of the canary against the baseline
 *   in the same step; without a baseline at 100 %.
 * - `brier_increase`, `recall_decrease`, `cost_increase`: canary minus baseline, on the same rows with the same outcomes.
 * - `prediction_drift`: PSI of the canary's predictions against those on its training data, as `drift` has measured it.
 */
const criterion = z.strictObject({
  metric: z.enum(metrics),
  direction: z.enum(['at-most', 'at-least']),
  threshold: z.number(),
  /** Fewer rows prove neither health nor, where the interval is approximate, harm. */
  minimumRows: z.number().int().positive().default(1),
  /** From this step on the rollout holds until the threshold is proved to be met. `never`: only proved harm counts. */
  neededFromPercent: z.number().min(0).max(100).or(z.literal('never')).default(0),
});
export type Criterion = z.output<typeof criterion>;

/** Whether a rollout must have proved the criterion to leave a step with this share of the traffic. */
export function isNeeded({ neededFromPercent }: Criterion, percent: number): boolean {
  return neededFromPercent !== 'never' && percent >= neededFromPercent;
}

const declaredPolicy = z.strictObject({
  name: z.string().min(1),
  /** Names of models; `*` fits any. */
  models: z.array(z.string()).min(1).default(['*']),
  steps: z
    .array(z.number().positive().max(100))
    .min(1)
    .refine((steps) => steps.at(-1) === 100, 'the last step must be 100')
    .refine(
      (steps) => steps.every((step, index) => index === 0 || step > (steps[index - 1] ?? 0)),
      'steps must rise',
    ),
  stepSeconds: z.number().positive(),
  longestStepSeconds: z.number().positive(),
  atDeadline: z.enum(['roll-back', 'pause']).default('roll-back'),
  prepareSeconds: z.number().positive().default(600),
  pauseSeconds: z.number().positive().default(86_400),
  confidence: z.number().min(0.5).max(0.9999).default(0.95),
  outcomes: z.strictObject({
    label: z.string(),
    threshold: z.number().min(0).max(1).default(0.5),
    costs: z
      .strictObject({ falsePositive: z.number().min(0), falseNegative: z.number().min(0) })
      .default({ falsePositive: 10, falseNegative: 100 }),
    mostWaiting: z.number().int().positive().default(50_000),
  }),
  criteria: z
    .array(criterion)
    .min(1)
    .refine(
      (criteria) => new Set(criteria.map(({ metric }) => metric)).size === criteria.length,
      'each metric has one criterion',
    ),
});

/** The steps, deadlines and criteria of a rollout. The schema of config/rollout-policies. */
export const rolloutPolicy = declaredPolicy.refine(
  ({ stepSeconds, longestStepSeconds }) => longestStepSeconds >= stepSeconds,
  { path: ['longestStepSeconds'], message: 'is shorter than stepSeconds: no step could end well' },
);
export type RolloutPolicy = z.output<typeof rolloutPolicy>;

/** Whether a policy governs the rollouts of a model. */
export function appliesTo({ models }: RolloutPolicy, modelName: string): boolean {
  return models.includes(modelName) || models.includes('*');
}
