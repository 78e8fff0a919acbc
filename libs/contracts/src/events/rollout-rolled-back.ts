import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { evidence, identifier, instant, modelReference } from '../values.js';

export const RolloutRolledBack = defineEvent({
  type: 'headrace.canary-controller.rollout-rolled-back',
  owner: 'canary-controller',
  summary:
    'Emitted when a rollout is rolled back: the version receives no more traffic and the previous version serves again.',
  payload: modelReference.extend({
    rolloutId: identifier,
    restoredVersion: z.number().int().positive().nullable(),
    evidence: z.array(evidence),
    policyVersion: z.string(),
    rolledBackAt: instant,
    reason: z.string(),
  }),
  keyOf: (payload) => payload.modelName,
});
