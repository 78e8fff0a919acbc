import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { identifier, instant } from '../values.js';

export const TrainingFailed = defineEvent({
  type: 'headrace.trainer.training-failed',
  owner: 'trainer',
  summary: 'Emitted when a training ends without a model.',
  payload: z.object({
    trainingId: identifier,
    modelName: identifier,
    step: z.string(),
    code: z.string(),
    message: z.string(),
    failedAt: instant,
    /** The run of the training, as in `trial-completed`. */
    runId: identifier.optional(),
    /** `cancelled`: the training was stopped on request. */
    outcome: z.enum(['failed', 'cancelled']).optional(),
    startedAt: instant.optional(),
  }),
  keyOf: (payload) => payload.modelName,
});
