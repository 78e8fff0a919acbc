import { configDirectory, withHost } from '@headrace/service-host';
import { z } from 'zod';

const hours = 3_600_000;

export const featureStoreConfigSchema = withHost(
  'feature-store',
  z.object({
    /** The directory with `feature-views` and `labels`. */
    HEADRACE_CONFIG_DIR: configDirectory,
    /** How long the state of a silent system is kept; afterwards its windows start empty. */
    FEATURE_STORE_STATE_HOURS: z.coerce.number().positive().default(72),
    /** How long the last row of a silent system is kept; afterwards the system is unknown. */
    FEATURE_STORE_ONLINE_HOURS: z.coerce.number().positive().default(168),
    /** Systems whose state is cached in memory, about 13 kB each. */
    FEATURE_STORE_SYSTEMS_IN_MEMORY: z.coerce.number().int().positive().default(50_000),
    /** Seconds between two parity measurements; 0 disables them. */
    FEATURE_STORE_PARITY_EVERY_S: z.coerce.number().min(0).default(60),
    /** Served rows that one parity measurement recomputes. */
    FEATURE_STORE_PARITY_ROWS: z.coerce.number().int().positive().max(10_000).default(200),
  }),
  (env) => ({
    configDirectory: env.HEADRACE_CONFIG_DIR,
    stateMs: env.FEATURE_STORE_STATE_HOURS * hours,
    onlineMs: env.FEATURE_STORE_ONLINE_HOURS * hours,
    systemsInMemory: env.FEATURE_STORE_SYSTEMS_IN_MEMORY,
    parityEveryMs: env.FEATURE_STORE_PARITY_EVERY_S * 1_000,
    parityRows: env.FEATURE_STORE_PARITY_ROWS,
  }),
);

export type FeatureStoreConfig = z.output<typeof featureStoreConfigSchema>;
