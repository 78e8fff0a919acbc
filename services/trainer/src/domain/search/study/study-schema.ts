import { z } from 'zod';

/** JSON has no NaN and no infinity; both are meant when they are reported. */
const number = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity']).transform(Number)]);
const parameterValue = z.union([z.string(), z.number(), z.boolean()]);
const conditions = z.array(z.strictObject({ parameter: z.string(), in: z.array(parameterValue) }));
const numeric = { low: z.number(), high: z.number(), step: z.number(), log: z.boolean(), when: conditions };
const optional = { step: true, log: true, when: true } as const;

export const parameterSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('int'), ...numeric }).partial(optional),
  z.strictObject({ kind: z.literal('float'), ...numeric }).partial(optional),
  z
    .strictObject({ kind: z.literal('categorical'), choices: z.array(parameterValue), when: conditions })
    .partial({ when: true }),
]);
const spaceSchema = z.record(z.string(), parameterSchema);

const samplerSchema = z.discriminatedUnion('kind', [
  z
    .strictObject({
      kind: z.literal('tpe'),
      startupTrials: z.int().min(0),
      startup: z.enum(['quasi-random', 'random']),
      candidates: z.int().min(1),
      multivariate: z.boolean(),
      constantLiar: z.boolean(),
    })
    .partial({
      startupTrials: true,
      startup: true,
      candidates: true,
      multivariate: true,
      constantLiar: true,
    }),
  z.strictObject({ kind: z.literal('random') }),
  z.strictObject({ kind: z.literal('quasi-random'), scramble: z.boolean() }).partial({ scramble: true }),
  z
    .strictObject({ kind: z.literal('grid'), values: z.record(z.string(), z.array(parameterValue)) })
    .partial({ values: true }),
]);

const halving = {
  minResource: z.int().min(1),
  reductionFactor: z.int().min(2),
  bootstrapCount: z.int().min(0),
};
export const prunerSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  z
    .strictObject({
      kind: z.literal('median'),
      startupTrials: z.int().min(0),
      warmupSteps: z.int().min(0),
      intervalSteps: z.int().min(1),
      minTrials: z.int().min(1),
    })
    .partial({ startupTrials: true, warmupSteps: true, intervalSteps: true, minTrials: true }),
  z
    .strictObject({ kind: z.literal('successive-halving'), ...halving, minEarlyStoppingRate: z.int().min(0) })
    .partial({ minResource: true, reductionFactor: true, bootstrapCount: true, minEarlyStoppingRate: true }),
  z
    .strictObject({ kind: z.literal('hyperband'), ...halving, maxResource: z.int().min(1) })
    .partial({ minResource: true, reductionFactor: true, bootstrapCount: true }),
  z
    .strictObject({
      kind: z.literal('wilcoxon'),
      pThreshold: z.number().min(0).max(1),
      startupSteps: z.int().min(0),
    })
    .partial({ pThreshold: true, startupSteps: true }),
]);

const trialBase = {
  number: z.int().min(0),
  parameters: z.record(z.string(), parameterValue),
  reports: z.array(z.strictObject({ step: z.int().min(0), value: number })),
};
const trialSchema = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('running'), ...trialBase }),
  z.strictObject({ state: z.literal('complete'), ...trialBase, values: z.array(number) }),
  z.strictObject({ state: z.literal('pruned'), ...trialBase }),
  z.strictObject({ state: z.literal('failed'), ...trialBase, reason: z.string() }),
]);

/** A study as a document: types, names and bounds of options; what the space means is checked by `resolveSpace`. */
export const studySchema = z.strictObject({
  name: z.string().min(1),
  space: spaceSchema,
  directions: z.array(z.enum(['minimize', 'maximize'])).min(1),
  sampler: samplerSchema,
  pruner: prunerSchema,
  seed: z.int(),
  trials: z.array(trialSchema),
});
