import { configDirectory, serviceUrl, withHost } from '@headrace/service-host';
import { z } from 'zod';

export const trainerConfigSchema = withHost(
  'trainer',
  z.object({
    FEATURE_STORE_URL: serviceUrl('feature-store'),
    HEADRACE_CONFIG_DIR: configDirectory,
    TRAINER_BUILD_TIMEOUT_MS: z.coerce.number().int().min(1_000).default(600_000),
    TRAINER_FIRST_MODEL_CHECK_SECONDS: z.coerce.number().positive().max(86_400).default(30),
    TRAINER_POLL_SECONDS: z.coerce.number().positive().max(3_600).default(5),
    TRAINER_THREADS: z.coerce.number().int().min(1).max(1_024).optional(),
    TRAINER_WORKERS: z.coerce.number().int().min(1).max(64).default(1),
    XGBOOST_LIBRARY: z.string().optional(),
    XGBOOST_CACHE_DIR: z.string().min(1).optional(),
  }),
  (env) => ({
    featureStoreUrl: env.FEATURE_STORE_URL,
    configDirectory: env.HEADRACE_CONFIG_DIR,
    buildTimeoutMs: env.TRAINER_BUILD_TIMEOUT_MS,
    firstModelCheckMs: env.TRAINER_FIRST_MODEL_CHECK_SECONDS * 1000,
    pollMs: env.TRAINER_POLL_SECONDS * 1000,
    threads: env.TRAINER_THREADS,
    workers: env.TRAINER_WORKERS,
    xgboost: { library: env.XGBOOST_LIBRARY, cacheDirectory: env.XGBOOST_CACHE_DIR },
  }),
);
export type TrainerConfig = z.output<typeof trainerConfigSchema>;
