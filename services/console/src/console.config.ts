import { withHost } from '@headrace/service-host';
import { z } from 'zod';

export const consoleConfigSchema = withHost(
  'console',
  z.object({
    /** Milliseconds between two updates of the live page. */
    CONSOLE_LIVE_INTERVAL_MS: z.coerce.number().int().min(100).max(60_000).default(1000),
  }),
  (env) => ({ liveIntervalMs: env.CONSOLE_LIVE_INTERVAL_MS }),
);

export type ConsoleConfig = z.output<typeof consoleConfigSchema>;
