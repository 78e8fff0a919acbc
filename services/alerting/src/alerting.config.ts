import { configDirectory, withHost } from '@headrace/service-host';
import { z } from 'zod';

const milliseconds = z.coerce
  .number()
  .int()
  .min(0)
  .max(7 * 86_400_000);

export const alertingConfigSchema = withHost(
  'alerting',
  z.object({
    HEADRACE_CONFIG_DIR: configDirectory,
    /** Labels by which alerts are grouped into one notification, separated by commas. */
    ALERTING_GROUP_BY: z.string().default('modelName'),
    ALERTING_GROUP_WAIT_MS: milliseconds.default(5_000),
    ALERTING_GROUP_INTERVAL_MS: milliseconds.default(60_000),
    ALERTING_REPEAT_INTERVAL_MS: milliseconds.default(4 * 3_600_000),
    /** How often the service looks for due notifications. */
    ALERTING_TICK_MS: z.coerce.number().int().min(10).max(60_000).default(1_000),
    ALERTING_WEBHOOK_URL: z.url({ protocol: /^https?$/ }).optional(),
    ALERTING_WEBHOOK_TIMEOUT_MS: milliseconds.default(5_000),
    /** Allows webhooks into loopback and private networks. */
    ALERTING_ALLOW_PRIVATE_TARGETS: z.stringbool().default(false),
  }),
  (env) => ({
    configDirectory: env.HEADRACE_CONFIG_DIR,
    notifications: {
      groupBy: env.ALERTING_GROUP_BY.split(',').map((label) => label.trim()),
      groupWaitMs: env.ALERTING_GROUP_WAIT_MS,
      groupIntervalMs: env.ALERTING_GROUP_INTERVAL_MS,
      repeatIntervalMs: env.ALERTING_REPEAT_INTERVAL_MS,
    },
    tickMs: env.ALERTING_TICK_MS,
    webhook:
      env.ALERTING_WEBHOOK_URL === undefined
        ? undefined
        : {
            url: new URL(env.ALERTING_WEBHOOK_URL),
            timeoutMs: env.ALERTING_WEBHOOK_TIMEOUT_MS,
            allowPrivateTargets: env.ALERTING_ALLOW_PRIVATE_TARGETS,
          },
  }),
);

export type AlertingConfig = z.output<typeof alertingConfigSchema>;
