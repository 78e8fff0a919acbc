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
