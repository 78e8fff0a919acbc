import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { count, identifier, instant } from '../values.js';

export const TrialCompleted = defineEvent({
  type: 'headrace.trainer.trial-completed',
  owner: 'trainer',
  summary: 'Emitted once per trial of a hyper-parameter search.',
  payload: z.object({
    trainingId: identifier,
    trial: count,
    state: z.enum(['complete', 'pruned', 'failed']),
    parameters: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])),
    /** The value that trials are compared by; null unless the trial is complete. */
    objective: z.number().nullable(),
    modelName: identifier.optional(),
    /** The run of the training that the trial belongs to, as in `model-trained`. */
    runId: identifier.optional(),
    /** Name of the objective, such as `validation-logloss`. */
    metric: z.string().min(1).optional(),
    /** Why a trial failed. */
    reason: z.string().optional(),
    startedAt: instant.optional(),
    finishedAt: instant.optional(),
  }),
  keyOf: (payload) => payload.trainingId,
});
