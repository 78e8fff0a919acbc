import { hostname } from 'node:os';
import { serviceUrl, withHost } from '@headrace/service-host';
import { z } from 'zod';

/** Everything that inference takes from the environment. */
export const inferenceConfigSchema = withHost(
  'inference',
  z.object({
    /** Model that the stream of features is scored with and that `/v1/predict` asks by default. */
    INFERENCE_STREAM_MODEL: z.string().min(1).default('performance-predictor'),
    /** Feature view of the online features. */
    INFERENCE_FEATURE_VIEW: z.string().min(1).default('system_metrics'),
    /** Maximum number of rows in one request. */
    INFERENCE_MAX_ROWS: z.coerce.number().int().positive().default(100_000),
    /** Predictions over HTTP in flight; more are refused with 429 before their bodies are read. */
    INFERENCE_MAX_IN_FLIGHT: z.coerce.number().int().positive().default(512),
    /** Names this process; replicas that share a log need different names, or only one of them receives a rollback. */
    INFERENCE_INSTANCE: z.string().min(1).default(`${hostname()}-${process.pid}`),
    FEATURE_STORE_URL: serviceUrl('feature-store'),
    /** How long a request for a system's prediction waits until it is durable; then 503. */
    INFERENCE_ANSWER_WITHIN_MS: z.coerce.number().int().positive().default(10_000),
    /** Bounds one read of online features. */
    INFERENCE_FEATURES_TIMEOUT_MS: z.coerce.number().int().positive().default(250),
  }),
  (env) => ({
    streamModel: env.INFERENCE_STREAM_MODEL,
    featureView: env.INFERENCE_FEATURE_VIEW,
    maxRows: env.INFERENCE_MAX_ROWS,
    maxInFlight: env.INFERENCE_MAX_IN_FLIGHT,
    instance: env.INFERENCE_INSTANCE,
    answerWithinMs: env.INFERENCE_ANSWER_WITHIN_MS,
    featureStore: { url: env.FEATURE_STORE_URL, timeoutMs: env.INFERENCE_FEATURES_TIMEOUT_MS },
  }),
);

export type InferenceConfig = z.output<typeof inferenceConfigSchema>;
