import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { identifier, instant } from '../values.js';

export const ReadingQuarantined = defineEvent({
  type: 'headrace.ingestion.reading-quarantined',
  owner: 'ingestion',
  summary: 'Emitted once per reading that a rule rejected. The reading itself is kept and can be redriven.',
  payload: z.object({
    quarantineId: identifier,
    systemId: z.string().nullable(),
    receivedAt: instant,
    suite: z.string(),
    suiteVersion: z.string(),
    reasons: z
      .array(
        z.object({
          rule: z.string(),
          column: z.string().nullable(),
          observed: z.string(),
          message: z.string(),
        }),
      )
      .min(1),
    reading: z.unknown(),
  }),
  keyOf: (payload) => payload.systemId ?? payload.quarantineId,
  partitions: 4,
  retentionDays: 90,
  maxEventsPerRecord: 100,
});
