import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { hasFields, isIdentifier, isInstant, isNumbersByName, isPositiveInteger } from '../quick-checks.js';
import { identifier, instant, numbersByName } from '../values.js';

const fields = 'featuresId readingId systemId eventTime knownTime view viewVersion features'.split(' ');

export const FeaturesComputed = defineEvent({
  type: 'headrace.feature-store.features-computed',
  owner: 'feature-store',
  summary: 'Emitted once per accepted reading: the features of its system as of its event time.',
  payload: z.object({
    featuresId: identifier,
    readingId: identifier,
    systemId: identifier,
    eventTime: instant,
    knownTime: instant,
    view: z.string(),
    viewVersion: z.number().int().positive(),
    /** Null where a window held too few samples. */
    features: numbersByName,
  }),
  quickCheck: (payload) =>
    hasFields(payload, fields) &&
    isIdentifier(payload['featuresId']) &&
    isIdentifier(payload['readingId']) &&
    isIdentifier(payload['systemId']) &&
    isInstant(payload['eventTime']) &&
    isInstant(payload['knownTime']) &&
    typeof payload['view'] === 'string' &&
    isPositiveInteger(payload['viewVersion']) &&
    isNumbersByName(payload['features']),
  keyOf: (payload) => payload.systemId,
  partitions: 8,
  retentionDays: 30,
  maxEventsPerRecord: 500,
});
