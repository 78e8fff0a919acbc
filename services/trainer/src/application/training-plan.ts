import { z } from 'zod';

/**
 * The parameters of XGBoost that a plan may set, under XGBoost's own names and with its own bounds. A name that is not
 * here is an error when the plan is read, not a warning in the middle of a training.
 */
export const xgboostParameters = z.strictObject({
  objective: z
    .enum([
      'binary:logistic',
      'binary:logitraw',
      'reg:squarederror',
      'reg:logistic',
      'reg:absoluteerror',
      'count:poisson',
      'multi:softprob',
    ])
    .default('binary:logistic'),
  eval_metric: z
    .array(
      z.enum([
        'logloss',
        'error',
        'auc',
        'aucpr',
        'rmse',
        'mae',
        'mape',
        'mlogloss',
        'merror',
        'poisson-nloglik',
      ]),
    )
    .optional(),
  num_class: z.number().int().min(2).optional(),
  base_score: z.number().optional(),
  seed: z.number().int().nonnegative().default(42),
  tree_method: z.enum(['hist', 'approx', 'exact']).default('hist'),
  grow_policy: z.enum(['depthwise', 'lossguide']).optional(),
  max_depth: z.number().int().min(0).max(64).optional(),
  max_leaves: z.number().int().nonnegative().optional(),
  max_bin: z.number().int().min(2).max(65_536).optional(),
  learning_rate: z.number().positive().max(1).optional(),
  gamma: z.number().nonnegative().optional(),
  min_child_weight: z.number().nonnegative().optional(),
  max_delta_step: z.number().nonnegative().optional(),
  subsample: z.number().positive().max(1).optional(),
  colsample_bytree: z.number().positive().max(1).optional(),
  colsample_bylevel: z.number().positive().max(1).optional(),
  colsample_bynode: z.number().positive().max(1).optional(),
  reg_lambda: z.number().nonnegative().optional(),
  reg_alpha: z.number().nonnegative().optional(),
  scale_pos_weight: z.number().positive().optional(),
  num_parallel_tree: z.number().int().positive().optional(),
});
export type XgboostParameters = z.output<typeof xgboostParameters>;

const seconds = z.number().nonnegative();

/** How one model is made; a file of `config/training-plans`. */
export const trainingPlan = z.strictObject({
  /** Part of object keys, so nothing but letters, digits, dots, underscores and hyphens. */
  modelName: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/),
  /** Feature view and label of the training set. */
  view: z.string().min(1),
  label: z.string().min(1),
  /** Name of the trees' own output beside `probability`. */
  member: z
    .string()
    .regex(/^[a-z][a-z0-9_]*$/)
    .default('xgboost'),
  parameters: xgboostParameters.prefault({}),
  rounds: z.number().int().min(1).max(20_000).default(300),
  earlyStoppingRounds: z.number().int().positive().optional(),
  split: z
    .strictObject({
      holdoutShare: z.number().positive().max(0.5).default(0.2),
      validationShare: z.number().positive().max(0.4).default(0.15),
      /** At least the horizon of the label. */
      purgeSeconds: seconds.default(900),
      embargoSeconds: seconds.default(900),
    })
    .prefault({}),
  calibration: z.enum(['platt', 'none']).default('platt'),
  /** The first model is trained by itself when there are so many labelled rows and positives. Left out: only on request. */
  firstModel: z
    .strictObject({
      rows: z.number().int().positive(),
      positives: z.number().int().positive(),
      growth: z.number().min(1).default(1.25),
    })
    .optional(),
  validation: z.strictObject({
    minRows: z.number().int().positive().default(100),
    minPositives: z.number().int().positive().default(5),
    criteria: z
      .array(
        z.strictObject({
          metric: z.string().min(1),
          direction: z.enum(['at-least', 'at-most']),
          threshold: z.number(),
        }),
      )
      .min(1),
  }),
  costs: z
    .strictObject({
      falsePositive: z.number().nonnegative().default(10),
      falseNegative: z.number().nonnegative().default(100),
    })
    .prefault({}),
});
export type TrainingPlan = z.output<typeof trainingPlan>;

/** A plan with the version that trainings name. */
export interface DeclaredPlan {
  readonly plan: TrainingPlan;
  readonly version: string;
}
