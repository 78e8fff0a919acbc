import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { evidence, identifier, instant } from '../values.js';

/** Emitted when a shift is worth a new model; cooldown and budget have been honoured. */
export const RetrainingRequested = defineEvent({
  type: 'headrace.drift.retraining-requested',
  topic: 'headrace.drift.retraining-requested.v1',
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
