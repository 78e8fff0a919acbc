import { z } from 'zod';

export const metrics = [
  'error_rate',
  'latency_p99',
  'prediction_accuracy',
  'throughput_degradation',
  'brier_increase',
  'recall_decrease',
  'cost_increase',
  'disagreement',
] as const;
export type Metric = (typeof metrics)[number];

const criterion = z.strictObject({
  metric: z.enum(metrics),
  direction: z.enum(['at-most', 'at-least']),
  threshold: z.number(),
  /** `proven`: the confidence sequence keeps the threshold. `not-refuted`: enough rows and no proof of harm. */
  belief: z.enum(['proven', 'not-refuted']).default('proven'),
  minimumRows: z.number().int().positive().default(1),
  /** From this step on a lack of evidence holds the rollout. */
  neededFromPercent: z.number().min(0).max(100).default(0),
});
export type Criterion = z.output<typeof criterion>;

/** How a version earns its traffic. The schema of config/rollout-policies. */
export const rolloutPolicy = z.strictObject({
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
  criteria: z.array(criterion).min(1),
});
export type RolloutPolicy = z.output<typeof rolloutPolicy>;

/** A policy with the version that decisions name. */
export interface NamedPolicy {
  readonly policy: RolloutPolicy;
  /** `default@1a2b3c` */
  readonly version: string;
}

/** The first policy that fits a model. */
export function policyFor(modelName: string, policies: readonly NamedPolicy[]): NamedPolicy | undefined {
  return policies.find(({ policy }) => policy.models.includes(modelName) || policy.models.includes('*'));
}
