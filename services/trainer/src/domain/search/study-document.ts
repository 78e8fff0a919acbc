import { z } from 'zod';
import { resolveSpace } from './search-space.js';
import { InvalidStudyError, type Study } from './study.js';

/** JSON has no NaN and no infinity; both are meant when they are reported. */
const number = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity']).transform(Number)]);
const parameterValue = z.union([z.string(), z.number(), z.boolean()]);
const conditions = z.array(z.strictObject({ parameter: z.string(), in: z.array(parameterValue) }));
const numeric = { low: z.number(), high: z.number(), step: z.number(), log: z.boolean(), when: conditions };
const optional = { step: true, log: true, when: true } as const;

const spaceSchema = z.record(
  z.string(),
  z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('int'), ...numeric }).partial(optional),
    z.strictObject({ kind: z.literal('float'), ...numeric }).partial(optional),
    z
      .strictObject({ kind: z.literal('categorical'), choices: z.array(parameterValue), when: conditions })
      .partial({ when: true }),
  ]),
);

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
const prunerSchema = z.discriminatedUnion('kind', [
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

/** The options of a study where they are declared or sent. */
export const studyOptionsSchema = z.strictObject({
  name: z.string().min(1),
  space: spaceSchema,
  directions: z.array(z.enum(['minimize', 'maximize'])).min(1),
  sampler: samplerSchema,
  pruner: prunerSchema,
  seed: z.int(),
});

const studySchema = studyOptionsSchema.extend({ trials: z.array(trialSchema) });

/** The study as JSON text. Reading it back gives an equal study, and so the same suggestions. */
export function writeStudy(study: Study): string {
  return JSON.stringify(study, (_, value: unknown) =>
    typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
  );
}

/** Reads what `writeStudy` wrote, whatever a database did to the order of its keys. Throws what and where otherwise. */
export function readStudy(text: string): Study {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw new InvalidStudyError('The study is not JSON', { cause });
  }
  const parsed = studySchema.safeParse(document);
  if (!parsed.success) throw new InvalidStudyError(`The study is not one: ${z.prettifyError(parsed.error)}`);
  const study = parsed.data as Study;
  resolveSpace(study.space);
  study.trials.forEach((trial, index) => {
    if (trial.number !== index) {
      throw new InvalidStudyError(`Trial ${trial.number} of study "${study.name}" stands in place ${index}`);
    }
    if (trial.state === 'complete' && trial.values.length !== study.directions.length) {
      throw new InvalidStudyError(
        `Trial ${index} has ${trial.values.length} values for ${study.directions.length} objectives`,
      );
    }
  });
  return study;
}
