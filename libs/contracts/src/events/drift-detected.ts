import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { evidence, identifier, instant } from '../values.js';

export const DriftDetected = defineEvent({
  type: 'headrace.drift.drift-detected',
  owner: 'drift',
  summary: 'Emitted when drift is confirmed: in enough features, over enough consecutive windows.',
  payload: z.object({
    driftId: identifier,
    modelName: identifier,
    modelVersion: z.number().int().positive(),
    kind: z.enum(['feature', 'prediction', 'data-quality', 'performance']),
    features: z.array(z.string()),
    evidence: z.array(evidence),
    windowsInARow: z.number().int().positive(),
    policyVersion: z.string(),
    detectedAt: instant,
  }),
  keyOf: (payload) => payload.modelName,
});
