import { z } from 'zod';

/** An instant in ISO 8601 with a zone. */
export const instant = z.iso.datetime({ offset: true });
export const identifier = z.string().min(1).max(512);
export const count = z.number().int().nonnegative();
export const ratio = z.number().min(0).max(1);

/** Values by column; null says that there was no value, which is not zero. */
export const numbersByName = z.record(z.string().min(1), z.number().nullable());

/** Metrics by name; a metric that could not be computed is null. */
export const metricsByName = numbersByName;

export const modelReference = z.object({ modelName: identifier, modelVersion: z.number().int().positive() });

/** The two sides of a rollout. */
export const arm = z.enum(['baseline', 'canary']);

/** The outcome of a check. Silence is `no-data`, and no-data is never a pass. */
export const verdict = z.enum(['healthy', 'degraded', 'inconclusive', 'no-data']);

/**
 * Why a decision was taken: what was measured, against which threshold, on how much data, how sure, by which policy.
 * `value` is null when there was no data; the verdict is then `no-data`, never `healthy`.
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
