import { configDirectory, withHost } from '@headrace/service-host';
import { z } from 'zod';

export const driftConfigSchema = withHost(
  'drift',
  z.object({
    /** Holds `drift-policies/*.yaml`. */
    HEADRACE_CONFIG_DIR: configDirectory,
    /** How often the service looks for due windows that no new row closes. */
    DRIFT_CHECK_EVERY_MS: z.coerce.number().int().min(100).max(600_000).default(5000),
  }),
  (env) => ({ configDirectory: env.HEADRACE_CONFIG_DIR, checkEveryMs: env.DRIFT_CHECK_EVERY_MS }),
);
export type DriftConfig = z.output<typeof driftConfigSchema>;
