import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { arm, identifier, instant } from '../values.js';

export const TrafficShifted = defineEvent({
  type: 'headrace.canary-controller.traffic-shifted',
  owner: 'canary-controller',
  summary:
    'The complete traffic split of a model, replaced as a whole. The weights sum to 100; a version with weight 0 is loaded and scored in the shadow but receives no traffic.',
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
