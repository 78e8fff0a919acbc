import { z } from 'zod';
import { defineEvent } from '../define-event.js';
import { identifier, instant } from '../values.js';

/** The alias of the version that serves. */
export const championAlias = 'champion';

export const AliasChanged = defineEvent({
  type: 'headrace.registry.alias-changed',
  owner: 'registry',
  summary: 'Emitted when an alias such as champion points to another version, or to none.',
  payload: z.object({
    modelName: identifier,
    alias: identifier,
    modelVersion: z.number().int().positive().nullable(),
    previousVersion: z.number().int().positive().nullable(),
    /** Digest, key and columns of the version, so that a consumer needs no call to load it. */
    digest: z.string().nullable(),
    artifactKey: z.string().nullable(),
    /** Files beside the model by name: object-store key and digest. `reference` is the profile that drift compares with. */
    artifacts: z.record(z.string(), z.object({ key: z.string(), digest: z.string() })),
    featureNames: z.array(z.string()),
    reason: z.string(),
    rolloutId: z.string().nullable(),
    changedAt: instant,
  }),
  keyOf: (payload) => `${payload.modelName}/${payload.alias}`,
  cleanup: 'compact',
});
