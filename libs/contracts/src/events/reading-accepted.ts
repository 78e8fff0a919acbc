import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { hasFields, isIdentifier, isInstant, isNumbersByName } from '../quick-checks.js';
import { identifier, instant, numbersByName } from '../values.js';

const required = ['readingId', 'systemId', 'eventTime', 'knownTime', 'values'];
const optional = ['incident', 'source'];

export const ReadingAccepted = defineEvent({
  type: 'headrace.ingestion.reading-accepted',
  owner: 'ingestion',
  summary: 'Emitted once per reading that passed every per-reading rule.',
  payload: z.object({
    readingId: identifier,
    systemId: identifier,
    /** When it was measured. */
    eventTime: instant,
    /** When the platform learned of it. */
    knownTime: instant,
    values: numbersByName,
    /** An incident that the producer reports with the reading; it matures outcomes at once. */
    incident: z.boolean().optional(),
    source: z.string().optional(),
  }),
  quickCheck: (payload) =>
    hasFields(payload, required, optional) &&
    isIdentifier(payload['readingId']) &&
    isIdentifier(payload['systemId']) &&
    isInstant(payload['eventTime']) &&
    isInstant(payload['knownTime']) &&
    isNumbersByName(payload['values']) &&
    (payload['incident'] === undefined || typeof payload['incident'] === 'boolean') &&
    (payload['source'] === undefined || typeof payload['source'] === 'string'),
  keyOf: (payload) => payload.systemId,
  partitions: 8,
  retentionDays: 30,
  maxEventsPerRecord: 500,
});
