import { z } from 'zod';

/** An instant in ISO 8601 with a zone. */
export const instant = z.iso.datetime({ offset: true });
export const identifier = z.string().min(1).max(512);
export const count = z.number().int().nonnegative();
export const ratio = z.number().min(0).max(1);

/** Values by column; null means that there is no value, which is different from zero. */
export const numbersByName = z.record(z.string().min(1), z.number().nullable());

/** Metrics by name; a metric that could not be computed is null. */
export const metricsByName = numbersByName;

export const modelReference = z.object({ modelName: identifier, modelVersion: z.number().int().positive() });

/** The two sides of a rollout. */
export const arm = z.enum(['baseline', 'canary']);

/** The outcome of a check. Missing data is `no-data`, which is never a pass. */
export const verdict = z.enum(['healthy', 'degraded', 'inconclusive', 'no-data']);

/**
 * The reason for a decision: the measured value, its threshold, the sample size and the confidence. `value` is null without
 * data; the verdict is then `no-data`, never `healthy`.
 */
export const evidence = z.object({
  criterion: z.string().min(1),
  verdict,
  value: z.number().nullable(),
  baselineValue: z.number().nullable().optional(),
  threshold: z.number(),
  direction: z.enum(['at-most', 'at-least']),
  sampleSize: count,
  confidence: ratio.nullable().optional(),
  detail: z.string().optional(),
});
export type Evidence = z.output<typeof evidence>;
