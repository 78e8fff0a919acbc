import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { count, instant, modelReference } from '../values.js';

export const ModelLoaded = defineEvent({
  type: 'headrace.inference.model-loaded',
  owner: 'inference',
  summary: 'Emitted when a version is loaded, warmed up and verified against its reference.',
  payload: modelReference.extend({
    digest: z.string(),
    loadedAt: instant,
    loadMs: z.number().nonnegative(),
    scorer: z.string(),
    /** Maximum difference from onnxruntime over the rows of the proof. */
    proof: z.object({ rows: count, largestDifference: z.number() }),
  }),
  keyOf: (payload) => payload.modelName,
});
