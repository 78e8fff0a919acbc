import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { identifier, instant, numbersByName } from '../values.js';

/** Emitted once per accepted reading: the features of its system as of its event time. */
export const FeaturesComputed = defineEvent({
  type: 'headrace.feature-store.features-computed',
  topic: 'headrace.feature-store.features-computed.v1',
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
  keyOf: (payload) => payload.systemId,
  partitions: 8,
  retentionDays: 30,
  factsPerRecord: 500,
});
