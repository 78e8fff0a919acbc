import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { instant, modelReference } from '../values.js';

export const VersionMarkedUnstable = defineEvent({
  type: 'headrace.registry.version-marked-unstable',
  owner: 'registry',
  summary: 'Emitted when a version has been rolled back and must not be chosen again without a new decision.',
  payload: modelReference.extend({ reason: z.string(), rolloutId: z.string().nullable(), markedAt: instant }),
  keyOf: (payload) => payload.modelName,
});
