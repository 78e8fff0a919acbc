import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { evidence, identifier, instant, modelReference } from '../values.js';

export const RolloutPromoted = defineEvent({
  type: 'headrace.canary-controller.rollout-promoted',
  owner: 'canary-controller',
  summary: 'Emitted when a version has passed every step and receives all traffic.',
  payload: modelReference.extend({
    rolloutId: identifier,
    previousVersion: z.number().int().positive().nullable(),
    evidence: z.array(evidence),
    policyVersion: z.string(),
    promotedAt: instant,
    reason: z.string(),
  }),
  keyOf: (payload) => payload.modelName,
});
