import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { identifier, instant, metricsByName, modelReference } from '../values.js';

export const ModelVersionCreated = defineEvent({
  type: 'headrace.registry.model-version-created',
  owner: 'registry',
  summary: 'Emitted when a trained model becomes a version that may be rolled out.',
  payload: modelReference.extend({
    runId: identifier,
    digest: z.string().startsWith('sha256:'),
    artifactKey: z.string(),
    /** Files beside the model by name: object-store key and digest. `reference` is the profile that drift compares with. */
    artifacts: z.record(z.string(), z.object({ key: z.string(), digest: z.string() })),
    featureNames: z.array(z.string()),
    members: z.array(z.object({ name: z.string(), kind: z.string() })),
    label: z.string(),
    metrics: metricsByName,
    validated: z.boolean(),
    createdAt: instant,
  }),
  keyOf: (payload) => payload.modelName,
});
