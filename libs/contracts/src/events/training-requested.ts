import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { identifier, instant } from '../values.js';

export const TrainingRequested = defineEvent({
  type: 'headrace.trainer.training-requested',
  owner: 'trainer',
  summary: 'Emitted when a training is requested by a person, a schedule or drift.',
  payload: z.object({
    trainingId: identifier,
    modelName: identifier,
    reason: z.string(),
    requestedBy: z.string(),
    requestedAt: instant,
  }),
  keyOf: (payload) => payload.modelName,
});
