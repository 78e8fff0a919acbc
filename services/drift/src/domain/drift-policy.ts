import { z } from 'zod';

const share = z.number().min(0).max(1);
const count = z.number().int().min(1);

const criterion = z.strictObject({
  metric: z.string().min(1),
  direction: z.enum(['at-least', 'at-most']),
  retrain: z.number(),
  critical: z.number().optional(),
});

/** What counts as drift, as harm, and as a sufficient reason for a new model. The defaults are those of the shipped policy. */
export const driftPolicySchema = z.strictObject({
  name: z.string().min(1),
  models: z.array(z.string().min(1)).min(1).default(['*']),
  window: z.strictObject({
    rows: count.max(100_000).default(2000),
    seconds: z.number().positive().default(3600),
    minimumRows: count.default(200),
  }),
  features: z
    .strictObject({ exclude: z.array(z.string()).default([]) })
    .default({ exclude: ['hour', 'day_of_week', 'is_weekend', 'is_business_hours'] }),
  methods: z
    .strictObject({
      psi: z.strictObject({ threshold: z.number().positive() }),
      js: z.strictObject({ threshold: z.number().positive() }),
      ks: z.strictObject({ pValue: share, statistic: share }),
    })
    .default({ psi: { threshold: 0.1 }, js: { threshold: 0.1 }, ks: { pValue: 0.05, statistic: 0.1 } }),
  falseDiscoveryRate: share.default(0.05),
  votes: z.number().int().min(1).max(3).default(2),
  share: share.default(0.25),
  windowsInARow: count.default(2),
  dataQuality: z
    .strictObject({ missingShare: share, failedWindowsInARow: count })
    .default({ missingShare: 0.1, failedWindowsInARow: 2 }),
  performance: z.strictObject({
    label: z.string().min(1).default('incident_within_15m'),
    threshold: share.default(0.5),
    window: z
      .strictObject({ rows: count.max(100_000), seconds: z.number().positive() })
      .default({ rows: 500, seconds: 3600 }),
    minimumLabelled: count.default(100),
    confidence: share.default(0.9),
    windowsInARow: count.default(1),
    keepHours: z.number().positive().default(48),
    criteria: z
      .array(criterion)
      .default([{ metric: 'accuracy', direction: 'at-least', retrain: 0.9, critical: 0.85 }]),
  }),
  retraining: z
    .strictObject({
      cooldownSeconds: z.number().nonnegative(),
      answerWithinSeconds: z.number().nonnegative().default(7200),
      perDay: z.number().int().nonnegative(),
      whenImpactUnknown: z.enum(['hold', 'request']).default('hold'),
    })
    .default({ cooldownSeconds: 21_600, answerWithinSeconds: 7200, perDay: 4, whenImpactUnknown: 'hold' }),
});
export type DriftPolicy = z.output<typeof driftPolicySchema>;
