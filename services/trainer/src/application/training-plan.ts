import { z } from 'zod';
import { searchFaults, searchPlan } from './search-plan.js';
import { variantsPlan } from './variants-plan.js';
import { xgboostParameters } from './xgboost-parameters.js';

const seconds = z.number().nonnegative();

/** How one model is made; a file of `config/training-plans`. */
export const trainingPlan = z
  .strictObject({
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
    /** Left out: the model is trained with the parameters above. */
    search: searchPlan.optional(),
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
    /** Left out: the exact file only. */
    variants: variantsPlan.optional(),
    costs: z
      .strictObject({
        falsePositive: z.number().nonnegative().default(10),
        falseNegative: z.number().nonnegative().default(100),
      })
      .prefault({}),
  })
  .superRefine(({ search, parameters }, context) => {
    if (search === undefined) return;
    for (const { path, message } of searchFaults(search, parameters)) {
      context.addIssue({ code: 'custom', path: ['search', ...path], message });
    }
  });
export type TrainingPlan = z.output<typeof trainingPlan>;

/** The plan of a training as it was when the training was requested, as the database keeps it. */
export interface PlanSnapshot {
  readonly plan: TrainingPlan;
  readonly version: string;
}
