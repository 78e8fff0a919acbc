import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { arm, identifier, instant } from '../values.js';

/** The whole division of a model's traffic, replaced at once. The weights sum to 100; 0 means loaded and scored in the shadow, but no traffic. */
export const TrafficShifted = defineEvent({
  type: 'headrace.canary-controller.traffic-shifted',
  owner: 'canary-controller',
  summary:
    "The whole division of a model's traffic, replaced at once. The weights sum to 100; 0 means loaded and scored in the shadow, but no traffic.",
  payload: z.object({
    modelName: identifier,
    rolloutId: z.string().nullable(),
    weights: z
      .array(
        z.object({
          modelVersion: z.number().int().positive(),
          arm,
          percent: z.number().min(0).max(100),
          digest: z.string(),
          artifactKey: z.string(),
          featureNames: z.array(z.string()),
        }),
      )
      .min(1),
    shiftedAt: instant,
    reason: z.string(),
  }),
  keyOf: (payload) => payload.modelName,
  cleanup: 'compact',
});
