import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { count, instant } from '../values.js';

export const ParityMeasured = defineEvent({
  type: 'headrace.feature-store.parity-measured',
  owner: 'feature-store',
  summary: 'Emitted after served features were recomputed from the stored readings and compared.',
  payload: z.object({
    view: z.string(),
    viewVersion: z.number().int().positive(),
    from: instant,
    to: instant,
    rows: count,
    mismatches: count,
    largestDifference: z.number().nullable(),
  }),
  keyOf: (payload) => payload.view,
});
