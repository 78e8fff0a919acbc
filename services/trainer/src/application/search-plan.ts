import { z } from 'zod';
import {
  InvalidSearchSpaceError,
  isActive,
  resolveSpace,
  type Parameter,
  type ParameterValue,
  type ParameterValues,
  type SearchSpace,
} from '../domain/search/space/search-space.js';
import { parameterSchema, prunerSchema } from '../domain/search/study/study-schema.js';
import { xgboostParameters, type XgboostParameters } from './xgboost-parameters.js';

/**
 * What may be searched: how trees are grown. What they are grown for is not: with another objective or metric the scores
 * of two trials could not be compared, and the best of many seeds is luck.
 */
const searchable = [
  'booster',
  'tree_method',
  'grow_policy',
  'max_depth',
  'max_leaves',
  'max_bin',
  'learning_rate',
  'gamma',
  'min_child_weight',
  'max_delta_step',
  'subsample',
  'colsample_bytree',
  'colsample_bylevel',
  'colsample_bynode',
  'reg_lambda',
  'reg_alpha',
  'scale_pos_weight',
  'num_parallel_tree',
  'sample_type',
  'normalize_type',
  'rate_drop',
  'one_drop',
  'skip_drop',
] as const satisfies readonly (keyof XgboostParameters)[];
type Searchable = (typeof searchable)[number];

const spaceFields = Object.fromEntries(
  searchable.map((name) => [name, parameterSchema.optional()]),
) as unknown as Record<Searchable, z.ZodOptional<typeof parameterSchema>>;

/** The search of a plan: how many trials, of what, and which of them are ended early. */
export const searchPlan = z.strictObject({
  /** The plan's own parameters are the first. */
  trials: z.number().int().min(2).max(1_000),
  seed: z.number().int().default(42),
  /** No trial begins after so much time of trials; the one that runs is finished. Left out: no limit. */
  timeLimitSeconds: z.number().positive().optional(),
  /** Trials before the estimator is believed; they are spread over the space. */
  startupTrials: z.number().int().min(1).default(10),
  /** Steps are rounds of boosting, counted from 0. */
  pruner: prunerSchema.prefault({ kind: 'none' }),
  space: z.strictObject(spaceFields),
});
export type SearchPlan = z.output<typeof searchPlan>;

export interface SearchFault {
  /** Below `search`. */
  readonly path: readonly string[];
  readonly message: string;
}

/** The space without the fields that nobody has set. */
export function spaceOf({ space }: SearchPlan): SearchSpace {
  return Object.fromEntries(
    Object.entries(space).filter(([, parameter]) => parameter !== undefined),
  ) as unknown as SearchSpace;
}

/**
 * What is wrong with a search beside the parameters that it starts from, beyond types and names: a space that means
 * nothing, values that XGBoost does not take, a parameter whose own value the plan does not say (the first trial would
 * not be the plan's), no metric to compare by.
 */
export function searchFaults(search: SearchPlan, own: XgboostParameters): readonly SearchFault[] {
  const faults: SearchFault[] = [];
  if (own.eval_metric === undefined || own.eval_metric.length === 0) {
    faults.push({
      path: [],
      message: 'trials are compared by the last eval_metric; name one in parameters.eval_metric',
    });
  }
  const space = spaceOf(search);
  try {
    resolveSpace(space);
  } catch (error) {
    if (!(error instanceof InvalidSearchSpaceError)) throw error;
    const { parameter, message } = error;
    return [...faults, { path: ['space', ...(parameter === undefined ? [] : [parameter])], message }];
  }
  for (const [name, parameter] of Object.entries(space)) {
    const path = ['space', name];
    const refused = valuesOf(parameter).find((value) => refusalOf(name, value) !== undefined);
    if (refused !== undefined) {
      faults.push({
        path,
        message: `${refusedValue(parameter, refused)} is no ${name} of XGBoost's: ${refusalOf(name, refused) ?? ''}`,
      });
    }
    if (isActive(parameter, ownValues(own)) && !Object.hasOwn(ownValues(own), name)) {
      faults.push({
        path,
        message: `the first trial is the plan's own parameters, and they have no ${name}; set parameters.${name}`,
      });
    }
  }
  return faults;
}

/** The plan's own values of the parameters that are searched, which the first trial tries. */
export function firstTrialValues(search: SearchPlan, own: XgboostParameters): ParameterValues {
  const values = ownValues(own);
  return Object.fromEntries(
    Object.entries(spaceOf(search)).flatMap(([name, parameter]) => {
      const value = values[name];
      return value === undefined || !isActive(parameter, values) ? [] : [[name, value]];
    }),
  );
}

/** What XGBoost is given in a trial: the plan's own parameters, in all trials but the first without those searched. */
export function trialParameters(
  search: SearchPlan,
  own: XgboostParameters,
  trial: { readonly number: number; readonly parameters: ParameterValues },
): XgboostParameters {
  if (trial.number === 0) return own;
  const searched = spaceOf(search);
  const fixed = Object.entries(own).filter(([name]) => !Object.hasOwn(searched, name));
  return xgboostParameters.parse({ ...Object.fromEntries(fixed), ...trial.parameters });
}

function ownValues(own: XgboostParameters): ParameterValues {
  return Object.fromEntries(
    Object.entries(own).filter(([, value]) => value !== undefined && !Array.isArray(value)),
  ) as Record<string, ParameterValue>;
}

/** Values that stand for all that a parameter can be: its ends and, of fractions, one between them. */
function valuesOf(parameter: Parameter): readonly ParameterValue[] {
  if (parameter.kind === 'categorical') return parameter.choices;
  const { low, high, step } = parameter;
  if (parameter.kind === 'int' || low === high) return [low, high];
  return [low, high, step === undefined ? low + (high - low) / Math.E : low + step];
}

function refusedValue(parameter: Parameter, value: ParameterValue): string {
  if (parameter.kind === 'categorical' || value === parameter.low || value === parameter.high) {
    return JSON.stringify(value);
  }
  return `a fraction between ${parameter.low} and ${parameter.high}`;
}

/** Why XGBoost's parameter cannot have this value; undefined when it can. */
function refusalOf(name: string, value: ParameterValue): string | undefined {
  const parsed = xgboostParameters.shape[name as Searchable].safeParse(value);
  return parsed.success ? undefined : parsed.error.issues.map(({ message }) => message).join(', ');
}
