import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { count, instant, modelReference } from '../values.js';

export const ModelLoaded = defineEvent({
  type: 'headrace.inference.model-loaded',
  owner: 'inference',
  summary: 'Emitted when a version was loaded, warmed and proved equal to its reference.',
  payload: modelReference.extend({
    digest: z.string(),
    loadedAt: instant,
    loadMs: z.number().nonnegative(),
    scorer: z.string(),
    /** Largest difference to onnxruntime over the rows of the proof. */
    proof: z.object({ rows: count, largestDifference: z.number() }),
  }),
  keyOf: (payload) => payload.modelName,
});
