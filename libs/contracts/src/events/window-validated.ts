import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { count, instant } from '../values.js';

export const WindowValidated = defineEvent({
  type: 'headrace.ingestion.window-validated',
  owner: 'ingestion',
  summary:
    'Emitted once per expectation suite and window of readings, passed or failed, with what was observed.',
  payload: z.object({
    suite: z.string(),
    suiteVersion: z.string(),
    windowStart: instant,
    windowEnd: instant,
    rows: count,
    success: z.boolean(),
    results: z.array(
      z.object({
        expectation: z.string(),
        column: z.string().nullable(),
        success: z.boolean().nullable(),
        observed: z.number().nullable(),
        unexpectedCount: count,
        unexpectedSample: z.array(z.string()),
        severity: z.enum(['error', 'warning', 'info']).optional(),
        /** Percentage of the values present; null when there are none, or when the expectation does not concern values. */
        unexpectedPercent: z.number().nullable().optional(),
        missingCount: count.optional(),
      }),
    ),
  }),
  keyOf: (payload) => payload.suite,
});
