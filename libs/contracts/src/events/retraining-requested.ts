import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { evidence, identifier, instant } from '../values.js';

export const RetrainingRequested = defineEvent({
  type: 'headrace.drift.retraining-requested',
  owner: 'drift',
  summary: 'Emitted when a shift is worth a new model; cooldown and budget have been honoured.',
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
