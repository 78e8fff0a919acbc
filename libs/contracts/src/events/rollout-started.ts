import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { identifier, instant, modelReference } from '../values.js';

export const RolloutStarted = defineEvent({
  type: 'headrace.canary-controller.rollout-started',
  owner: 'canary-controller',
  summary: 'Emitted when the rollout of a version starts.',
  payload: modelReference.extend({
    rolloutId: identifier,
    baselineVersion: z.number().int().positive().nullable(),
    steps: z.array(z.number().min(0).max(100)),
    policyVersion: z.string(),
    startedAt: instant,
  }),
  keyOf: (payload) => payload.modelName,
});
