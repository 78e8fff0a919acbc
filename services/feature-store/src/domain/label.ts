import { z } from 'zod';

/** A label as it is declared in `config/labels`: what to predict, and how far ahead. */
export const labelSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9_]{0,62}$/, 'must be a lower-case name of letters, digits and _'),
  version: z.number().int().positive(),
  view: z.string().min(1),
  /** The label of t looks at (t, t + this]. */
  withinMinutes: z.number().positive().max(1440),
  /** The deciding column; a value at or above `atLeast` is an incident. */
  column: z.string().min(1),
  atLeast: z.number(),
  /** An incident that a producer reports counts as well. */
  incidentEvents: z.boolean().default(true),
});
export type LabelDeclaration = z.output<typeof labelSchema>;
