import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { instant, modelReference } from '../values.js';

export const ModelLoadFailed = defineEvent({
  type: 'headrace.inference.model-load-failed',
  owner: 'inference',
  summary: 'Emitted when a version cannot be loaded. It receives no traffic.',
  payload: modelReference.extend({
    digest: z.string(),
    code: z.string(),
    message: z.string(),
    failedAt: instant,
  }),
  keyOf: (payload) => payload.modelName,
});
