import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { count, identifier } from '../values.js';

/** Emitted once per trial of a hyper-parameter search. */
export const TrialCompleted = defineEvent({
  type: 'headrace.trainer.trial-completed',
  topic: 'headrace.trainer.trial-completed.v1',
  owner: 'trainer',
  summary: 'Emitted once per trial of a hyper-parameter search.',
  payload: z.object({
    trainingId: identifier,
    trial: count,
    state: z.enum(['complete', 'pruned', 'failed']),
    parameters: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])),
    objective: z.number().nullable(),
  }),
  keyOf: (payload) => payload.trainingId,
});
