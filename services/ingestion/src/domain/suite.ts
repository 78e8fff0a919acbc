import { z } from 'zod';

const column = z.string().min(1).max(128);
const mostly = z.number().gt(0).max(1).optional();
/** `error` sends a reading to quarantine; `warning` only counts in the window. */
const severity = z.enum(['error', 'warning']).default('error');

const pattern = z
  .string()
  .max(500)
  .superRefine((text, context) => {
    try {
      new RegExp(text, 'u');
    } catch (error) {
      context.addIssue({ code: 'custom', message: `is no regular expression (${(error as Error).message})` });
    }
  });

const range = z
  .strictObject({
    column,
    min_value: z.number().nullable().optional(),
    max_value: z.number().nullable().optional(),
    strict_min: z.boolean().default(false),
    strict_max: z.boolean().default(false),
    mostly,
  })
  .refine(
    ({ min_value: min, max_value: max }) =>
      min === undefined || min === null || max === undefined || max === null || min <= max,
    {
      message: 'min_value is above max_value',
    },
  );

/** The words of Great Expectations, as far as they can be decided on a stream. */
export const expectationSchema = z.discriminatedUnion('expectation_type', [
  z.strictObject({
    expectation_type: z.literal('expect_table_row_count_to_be_between'),
    kwargs: z.strictObject({
      min_value: z.number().int().min(0).optional(),
      max_value: z.number().int().min(0).optional(),
    }),
    severity,
  }),
  z.strictObject({
    expectation_type: z.literal('expect_column_values_to_not_be_null'),
    kwargs: z.strictObject({ column, mostly }),
    severity,
  }),
  z.strictObject({
    expectation_type: z.literal('expect_column_values_to_be_between'),
    kwargs: range,
    severity,
  }),
  z.strictObject({
    expectation_type: z.literal('expect_column_values_to_be_in_set'),
    kwargs: z.strictObject({ column, value_set: z.array(z.union([z.string(), z.number()])).min(1), mostly }),
    severity,
  }),
  z.strictObject({
    expectation_type: z.literal('expect_column_values_to_match_regex'),
    kwargs: z.strictObject({ column, regex: pattern, mostly }),
    severity,
  }),
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
export type Suite = z.output<typeof suiteSchema>;
