import { z } from 'zod';

/** Smaller files beside the exact one, which stays the one that is served, and what they may lose. */
export const variantsPlan = z.strictObject({
  files: z
    .array(
      z.strictObject({
        /** Part of artifact names. */
        name: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/),
        rewrite: z.literal('shrink-trees'),
        /** How far the margin may move for any row: a probability moves by a quarter of it at most. */
        maxMarginChange: z.number().positive(),
      }),
    )
    .min(1)
    .refine((files) => new Set(files.map(({ name }) => name)).size === files.length, 'names a variant twice'),
  criteria: z
    .array(
      z.strictObject({
        metric: z.string().min(1),
        direction: z.enum(['at-least', 'at-most']),
        tolerance: z.number().nonnegative(),
      }),
    )
    .min(1),
});
export type VariantsPlan = z.output<typeof variantsPlan>;
