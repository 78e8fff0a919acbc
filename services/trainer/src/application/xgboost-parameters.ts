import { z } from 'zod';

const objectives = [
  'binary:logistic',
  'binary:logitraw',
  'binary:hinge',
  'reg:squarederror',
  'reg:squaredlogerror',
  'reg:logistic',
  'reg:absoluteerror',
  'reg:pseudohubererror',
  'reg:quantileerror',
  'reg:gamma',
  'reg:tweedie',
  'count:poisson',
  'multi:softmax',
  'multi:softprob',
  'rank:pairwise',
  'rank:ndcg',
  'rank:map',
] as const;

const metrics = [
  'logloss',
  'error',
  'auc',
  'aucpr',
  'rmse',
  'rmsle',
  'mae',
  'mape',
  'mphe',
  'mlogloss',
  'merror',
  'poisson-nloglik',
  'gamma-nloglik',
  'gamma-deviance',
  'quantile',
  'ndcg',
  'map',
  'pre',
] as const;

/** `error@0.3` moves the threshold, `ndcg@5` looks at the first five, `tweedie-nloglik@1.5` names the variance power. */
const metricAt = z
  .string()
  .regex(
    /^(?:error@(?:0?\.\d+|1|0)|(?:ndcg|map|pre)@[1-9]\d*-?|tweedie-nloglik@1\.\d+)$/,
    `expected one of ${metrics.join(', ')}, or error@0.3, ndcg@5, map@5, pre@5, tweedie-nloglik@1.5`,
  );

const share = z.number().positive().max(1);

/**
 * The parameters of XGBoost that a plan may set, under XGBoost's own names and with its own bounds. A name that is not
 * here is an error when the plan is read, not a warning in the middle of a training; one that the loaded library is too
 * old for is an error before the training begins (XGBoost itself would ignore it).
 *
 * Two that a plan does not set differ between versions of the library: since 2.0 `base_score` is estimated from the
 * labels (before, it is 0.5), so name it where two versions must give the same model. `tree_method` has a default here,
 * because XGBoost's own changed.
 */
export const xgboostParameters = z.strictObject({
  objective: z.enum(objectives).default('binary:logistic'),
  eval_metric: z.array(z.union([z.enum(metrics), metricAt])).optional(),
  num_class: z.number().int().min(2).optional(),
  base_score: z.number().optional(),
  seed: z.number().int().nonnegative().default(42),
  booster: z.enum(['gbtree', 'dart']).optional(),
  tree_method: z.enum(['hist', 'approx', 'exact']).default('hist'),
  grow_policy: z.enum(['depthwise', 'lossguide']).optional(),
  max_depth: z.number().int().min(0).max(64).optional(),
  max_leaves: z.number().int().nonnegative().optional(),
  max_bin: z.number().int().min(2).max(65_536).optional(),
  learning_rate: share.optional(),
  gamma: z.number().nonnegative().optional(),
  min_child_weight: z.number().nonnegative().optional(),
  max_delta_step: z.number().nonnegative().optional(),
  subsample: share.optional(),
  colsample_bytree: share.optional(),
  colsample_bylevel: share.optional(),
  colsample_bynode: share.optional(),
  reg_lambda: z.number().nonnegative().optional(),
  reg_alpha: z.number().nonnegative().optional(),
  scale_pos_weight: z.number().positive().optional(),
  num_parallel_tree: z.number().int().positive().optional(),
  /** One of -1, 0, 1 a column: the prediction may only fall, do what it likes, only rise with it. */
  monotone_constraints: z.array(z.union([z.literal(-1), z.literal(0), z.literal(1)])).optional(),
  /** Groups of columns that may meet on one path of a tree, by index. */
  interaction_constraints: z.array(z.array(z.number().int().nonnegative()).min(1)).optional(),
  /** Categorical columns with fewer categories are split one against the rest. */
  max_cat_to_onehot: z.number().int().positive().optional(),
  max_cat_threshold: z.number().int().positive().optional(),
  huber_slope: z.number().positive().optional(),
  tweedie_variance_power: z.number().gt(1).lt(2).optional(),
  quantile_alpha: z.array(z.number().gt(0).lt(1)).min(1).optional(),
  multi_strategy: z.enum(['one_output_per_tree', 'multi_output_tree']).optional(),
  lambdarank_pair_method: z.enum(['mean', 'topk']).optional(),
  lambdarank_num_pair_per_sample: z.number().int().positive().optional(),
  sample_type: z.enum(['uniform', 'weighted']).optional(),
  normalize_type: z.enum(['tree', 'forest']).optional(),
  rate_drop: z.number().min(0).max(1).optional(),
  one_drop: z.boolean().optional(),
  skip_drop: z.number().min(0).max(1).optional(),
});
export type XgboostParameters = z.output<typeof xgboostParameters>;

/** More is better for these; for all others less is. */
const maximised = new Set(['auc', 'aucpr', 'map', 'ndcg', 'pre']);

/** Whether more of a metric is better, under its name in a plan or in a round's scores: `ndcg@5`, `auc`. */
export function isMaximised(metric: string): boolean {
  return maximised.has(metric.replace(/[@-].*$/, ''));
}
