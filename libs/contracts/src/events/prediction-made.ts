import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { arm, identifier, instant, modelReference } from '../values.js';

export const PredictionMade = defineEvent({
  type: 'headrace.inference.prediction-made',
  owner: 'inference',
  summary: 'Emitted once per scored row of the stream and per answered request.',
  payload: modelReference.extend({
    predictionId: identifier,
    digest: z.string(),
    arm,
    rolloutId: z.string().nullable(),
    systemId: z.string().nullable(),
    /** Event time of the features. */
    eventTime: instant,
    predictedAt: instant,
    featuresId: z.string().nullable(),
    origin: z.enum(['stream', 'request']),
    /** Null when the service abstained or failed; `degradation` or `error` gives the reason. */
    probability: z.number().nullable(),
    /** The answers of the other arms to the same row, scored in the shadow. */
    shadow: z.array(
      z.object({ modelVersion: z.number().int().positive(), arm, probability: z.number().nullable() }),
    ),
    latencyMs: z.number().nonnegative(),
    degradation: z.string().optional(),
    error: z.string().optional(),
  }),
  keyOf: (payload) => payload.systemId ?? payload.predictionId,
  partitions: 8,
  retentionDays: 30,
  maxEventsPerRecord: 500,
});
