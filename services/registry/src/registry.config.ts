import { withHost } from '@headrace/service-host';
import { z } from 'zod';

export const registryConfigSchema = withHost(
  'registry',
  z.object({
    /** Maximum size of an uploaded artifact. */
    REGISTRY_MAX_ARTIFACT_BYTES: z.coerce.number().int().positive().default(1_073_741_824),
  }),
  (env) => ({ maxArtifactBytes: env.REGISTRY_MAX_ARTIFACT_BYTES }),
);

export type RegistryConfig = z.output<typeof registryConfigSchema>;
