import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { count, identifier, instant, verdict } from '../values.js';

/** The `feature` of the score of the model's own output. */
export const predictionColumn = 'prediction';

const driftScore = z.object({
  feature: z.string(),
  method: z.enum(['psi', 'ks', 'js', 'wasserstein', 'chi-square']),
  value: z.number().nullable(),
  pValue: z.number().nullable(),
  threshold: z.number(),
  drifted: z.boolean().nullable(),
});

export const DriftMeasured = defineEvent({
  type: 'headrace.drift.drift-measured',
  owner: 'drift',
  summary:
    'Emitted once per model and window: the distance of each feature and of the predictions from the reference.',
  payload: z.object({
    driftId: identifier,
    modelName: identifier,
    modelVersion: z.number().int().positive(),
    windowStart: instant,
    windowEnd: instant,
    rows: count,
    referenceRows: count,
    verdict,
    scores: z.array(driftScore),
    policyVersion: z.string(),
  }),
  keyOf: (payload) => payload.modelName,
});
