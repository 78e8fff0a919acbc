import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { evidence, identifier, instant } from '../values.js';

export const RetrainingRequested = defineEvent({
  type: 'headrace.drift.retraining-requested',
  owner: 'drift',
  summary: 'Emitted when drift calls for a new model and the cooldown and budget of the policy allow it.',
  payload: z.object({
    requestId: identifier,
    modelName: identifier,
    reason: z.string(),
    evidence: z.array(evidence),
    policyVersion: z.string(),
    requestedAt: instant,
  }),
  keyOf: (payload) => payload.modelName,
});
