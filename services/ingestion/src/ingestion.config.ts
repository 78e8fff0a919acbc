import { configDirectory, withHost } from '@headrace/service-host';
import { z } from 'zod';

const sources = ['host', 'replay', 'fleet'] as const;
const whole = z.coerce.number().int();

export const ingestionConfigSchema = withHost(
  'ingestion',
  z.object({
    /** The directory with `suites` and `data`. */
    HEADRACE_CONFIG_DIR: configDirectory,
    INGESTION_SUITE: z.string().default('system_metrics_suite'),
    /** Readings per request. */
    INGESTION_MAX_READINGS: whole.min(1).default(10_000),
    /** Readings that may wait for the log at a time; more are answered with 429. */
    INGESTION_MAX_IN_FLIGHT: whole.min(1).default(50_000),
    /** How long a request waits until its readings are durable, then 503. Readings that are sent again count once. */
    INGESTION_ANSWER_WITHIN_MS: whole.min(1).default(10_000),
    /** How far ahead of this host's clock a timestamp may be. */
    INGESTION_MAX_AHEAD_S: z.coerce.number().min(0).default(300),
    INGESTION_MAX_AGE_DAYS: z.coerce.number().positive().default(400),
    /** Seconds between two runs that copy readings to the lake; 0 disables archiving. */
    INGESTION_ARCHIVE_EVERY_S: z.coerce.number().min(0).default(60),
    /** Overrides the slide of the suite's windows. */
    INGESTION_WINDOW_SLIDE_S: z.coerce.number().positive().optional(),
    /** Comma-separated: host, replay, fleet. */
    INGESTION_SOURCES: z
      .string()
      .default('')
      .transform((text) =>
        text
          .split(',')
          .map((name) => name.trim())
          .filter((name) => name !== ''),
      )
      .pipe(z.array(z.enum(sources))),
    INGESTION_REPLAY_SPEED: z.coerce.number().positive().max(100_000).default(1),
    INGESTION_FLEET_SEED: whole.default(1),
    INGESTION_FLEET_SYSTEMS: whole.min(1).max(9_000).default(20),
    INGESTION_FLEET_STEP_S: z.coerce.number().positive().default(60),
    INGESTION_FLEET_HISTORY_H: z.coerce.number().min(0).default(48),
    INGESTION_FLEET_INCIDENTS_PER_DAY: z.coerce.number().min(0).default(4),
    INGESTION_FLEET_DRIFT_AFTER_S: z.coerce.number().min(0).optional(),
    INGESTION_FLEET_DRIFT_SHIFT: z.coerce.number().default(20),
  }),
  (env) => ({
    configDirectory: env.HEADRACE_CONFIG_DIR,
    suite: env.INGESTION_SUITE,
    accept: {
      readingsPerRequest: env.INGESTION_MAX_READINGS,
      readingsInFlight: env.INGESTION_MAX_IN_FLIGHT,
      aheadMs: env.INGESTION_MAX_AHEAD_S * 1_000,
      ageMs: env.INGESTION_MAX_AGE_DAYS * 86_400_000,
    },
    answerWithinMs: env.INGESTION_ANSWER_WITHIN_MS,
    archiveEveryMs: env.INGESTION_ARCHIVE_EVERY_S * 1_000,
    windowSlideMs:
      env.INGESTION_WINDOW_SLIDE_S === undefined ? undefined : env.INGESTION_WINDOW_SLIDE_S * 1_000,
    sources: env.INGESTION_SOURCES,
    replaySpeed: env.INGESTION_REPLAY_SPEED,
    fleet: {
      seed: env.INGESTION_FLEET_SEED,
      systems: env.INGESTION_FLEET_SYSTEMS,
      stepMs: env.INGESTION_FLEET_STEP_S * 1_000,
      historyMs: env.INGESTION_FLEET_HISTORY_H * 3_600_000,
      incidentsPerDay: env.INGESTION_FLEET_INCIDENTS_PER_DAY,
      driftAfterMs:
        env.INGESTION_FLEET_DRIFT_AFTER_S === undefined
          ? undefined
          : env.INGESTION_FLEET_DRIFT_AFTER_S * 1_000,
      driftShift: env.INGESTION_FLEET_DRIFT_SHIFT,
    },
  }),
);

export type IngestionConfig = z.output<typeof ingestionConfigSchema>;
