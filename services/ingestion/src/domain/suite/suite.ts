import { AppError } from '@headrace/kernel';
import { z } from 'zod';
import { LinearRegex } from './linear-regex.js';
import { parseRowCondition } from './row-condition.js';

/** A text that its own parser checks. The parser's message becomes the fault, with file and line. */
function parseable(parse: (text: string) => unknown) {
  return z.string().superRefine((text, context) => {
    try {
      parse(text);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
    }
  });
}

const column = z.string().min(1).max(128);
/** Share of the values that must be as expected. Nulls are not counted. */
const mostly = z.number().gt(0).max(1).optional();
/** The expectation applies to these rows only. */
const row_condition = parseable(parseRowCondition).optional();
/** `error` quarantines a reading and fails a window; `warning` and `info` are only reported. */
const severity = z.enum(['error', 'warning', 'info']).default('error');
const scalar = z.union([z.string(), z.number()]);
const limit = z.number().nullable().optional();

function inOrder({ min_value: low, max_value: high }: { min_value?: unknown; max_value?: unknown }): boolean {
  return typeof low !== 'number' || typeof high !== 'number' || low <= high;
}
const boundsReversed = { message: 'min_value is above max_value' };

const bounds = {
  min_value: limit,
  max_value: limit,
  strict_min: z.boolean().default(false),
  strict_max: z.boolean().default(false),
};
const ofColumn = { column, row_condition };
const ofValues = { ...ofColumn, mostly };

const weights = z.array(z.number().min(0)).min(1);
const partition = z
  .union([
    z.strictObject({
      bins: z.array(z.number()).min(2),
      weights,
      tail_weights: z.tuple([z.number().min(0), z.number().min(0)]).optional(),
    }),
    z.strictObject({ values: z.array(scalar).min(1), weights }),
  ])
  .superRefine((given, context) => {
    const places = 'bins' in given ? given.bins.length - 1 : given.values.length;
    const tails = 'bins' in given ? (given.tail_weights ?? [0, 0]) : [0, 0];
    const sum = [...given.weights, ...tails].reduce((total, weight) => total + weight, 0);
    const wrong = (message: string): void => {
      context.addIssue({ code: 'custom', message });
    };
    if (given.weights.length !== places) wrong(`needs ${places} weights, has ${given.weights.length}`);
    if (Math.abs(sum - 1) > 1e-6) wrong(`weights and tail_weights sum to ${sum}, not to 1`);
    if (
      'bins' in given &&
      given.bins.some((edge, index) => index > 0 && !(edge > (given.bins[index - 1] ?? 0)))
    ) {
      wrong('bins must ascend');
    }
  });

const quantileRanges = z
  .strictObject({
    quantiles: z.array(z.number().min(0).max(1)).min(1).max(100),
    value_ranges: z.array(z.tuple([z.number().nullable(), z.number().nullable()])).min(1),
  })
  .refine(({ quantiles, value_ranges: ranges }) => quantiles.length === ranges.length, {
    message: 'each quantile needs a range',
  });

const expectation = <Word extends string, Kwargs extends z.ZodType>(word: Word, kwargs: Kwargs) =>
  z.strictObject({ expectation_type: z.literal(word), kwargs, severity });

/** The expectations of Great Expectations with their arguments; `expect_table_to_be_fresh` is our own. */
export const expectationSchema = z.discriminatedUnion('expectation_type', [
  expectation(
    'expect_table_row_count_to_be_between',
    z
      .strictObject({
        min_value: z.number().int().min(0).nullable().optional(),
        max_value: z.number().int().min(0).nullable().optional(),
      })
      .refine(inOrder, boundsReversed),
  ),
  expectation(
    'expect_table_columns_to_match_set',
    z.strictObject({ column_set: z.array(column).min(1), exact_match: z.boolean().default(true) }),
  ),
  expectation(
    'expect_table_to_be_fresh',
    z.strictObject({ column: column.default('timestamp'), max_age_minutes: z.number().positive() }),
  ),
  expectation('expect_column_values_to_not_be_null', z.strictObject(ofValues)),
  expectation('expect_column_values_to_be_null', z.strictObject(ofValues)),
  expectation(
    'expect_column_values_to_be_of_type',
    z.strictObject({ ...ofValues, type_: z.enum(['number', 'text']) }),
  ),
  expectation(
    'expect_column_values_to_be_between',
    z.strictObject({ ...ofValues, ...bounds }).refine(inOrder, boundsReversed),
  ),
  expectation(
    'expect_column_values_to_be_in_set',
    z.strictObject({ ...ofValues, value_set: z.array(scalar).min(1) }),
  ),
  expectation(
    'expect_column_values_to_not_be_in_set',
    z.strictObject({ ...ofValues, value_set: z.array(scalar).min(1) }),
  ),
  expectation(
    'expect_column_values_to_match_regex',
    z.strictObject({ ...ofValues, regex: parseable((text) => new LinearRegex(text)) }),
  ),
  expectation(
    'expect_column_values_to_not_match_regex',
    z.strictObject({ ...ofValues, regex: parseable((text) => new LinearRegex(text)) }),
  ),
  expectation('expect_column_values_to_be_unique', z.strictObject(ofValues)),
  expectation(
    'expect_column_values_to_be_increasing',
    z.strictObject({ ...ofValues, strictly: z.boolean().default(false) }),
  ),
  expectation(
    'expect_column_values_to_be_decreasing',
    z.strictObject({ ...ofValues, strictly: z.boolean().default(false) }),
  ),
  expectation(
    'expect_column_mean_to_be_between',
    z.strictObject({ ...ofColumn, ...bounds }).refine(inOrder, boundsReversed),
  ),
  expectation(
    'expect_column_stdev_to_be_between',
    z.strictObject({ ...ofColumn, ...bounds }).refine(inOrder, boundsReversed),
  ),
  expectation(
    'expect_column_min_to_be_between',
    z.strictObject({ ...ofColumn, ...bounds }).refine(inOrder, boundsReversed),
  ),
  expectation(
    'expect_column_max_to_be_between',
    z.strictObject({ ...ofColumn, ...bounds }).refine(inOrder, boundsReversed),
  ),
  expectation(
    'expect_column_quantile_values_to_be_between',
    z.strictObject({ ...ofColumn, quantile_ranges: quantileRanges }),
  ),
  expectation(
    'expect_column_kl_divergence_to_be_less_than',
    z.strictObject({
      ...ofColumn,
      partition_object: partition,
      threshold: z.number().min(0),
      tail_weight_holdout: z.number().min(0).max(1).default(0),
      internal_weight_holdout: z.number().min(0).max(1).default(0),
    }),
  ),
]);

export const suiteSchema = z.strictObject({
  expectation_suite_name: z.string().min(1).max(128),
  window: z
    .strictObject({
      length_minutes: z.number().positive().max(1440).default(5),
      slide_minutes: z.number().positive().max(1440).default(5),
    })
    .default({ length_minutes: 5, slide_minutes: 5 }),
  expectations: z.array(expectationSchema).min(1),
});

export type Expectation = z.output<typeof expectationSchema>;
export type ExpectationOf<Word extends Expectation['expectation_type']> = Extract<
  Expectation,
  { expectation_type: Word }
>;
export type Suite = z.output<typeof suiteSchema>;
