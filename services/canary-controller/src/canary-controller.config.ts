import { configDirectory, withHost } from '@headrace/service-host';
import { z } from 'zod';

export const canaryControllerConfigSchema = withHost(
  'canary-controller',
  z.object({
    HEADRACE_CONFIG_DIR: configDirectory,
    /** How often the rollouts in progress are judged. */
    CANARY_TICK_MS: z.coerce.number().int().min(10).max(60_000).default(1_000),
  }),
  (env) => ({ configDirectory: env.HEADRACE_CONFIG_DIR, tickMs: env.CANARY_TICK_MS }),
);

export type CanaryControllerConfig = z.output<typeof canaryControllerConfigSchema>;
