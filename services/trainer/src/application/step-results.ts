import { evidence } from '@headrace/contracts';
import { finiteOrNull } from '@headrace/kernel';
import { z } from 'zod';
import { type StepName } from '../domain/training.js';
import { trainingSetReference } from './training-sets.js';

const part = z.object({ begin: z.number(), end: z.number() });
/**
 * What a library or the data may leave without a value: XGBoost scores rows of one class by `auc` with NaN. Stored results
 * are JSON, so that is null here, and never 0.
 */
const known = z.number().nullable();
const numbers = z.record(z.string(), known);

/** An object that a step has stored. */
export const storedArtifact = z.object({ key: z.string(), digest: z.string().startsWith('sha256:') });
export type StoredArtifact = z.output<typeof storedArtifact>;

const trees = storedArtifact.extend({
  rounds: z.number(),
  bestScore: known,
  stopped: z.enum(['rounds', 'early']),
  history: z.record(z.string(), z.array(known)),
  importance: numbers,
  library: z.string(),
});

/** What each step leaves behind, as the database keeps it: all that the steps after it and a resumed run need. */
export const stepResults = {
  'training-set': trainingSetReference,
  split: z.object({ train: part, validation: part, holdout: part, dropped: z.number() }),
  search: z.object({
    /** All trials, as `readStudy` reads them. */
    study: storedArtifact,
    /** What trials were compared by, on the validation rows. */
    metric: z.string(),
    direction: z.enum(['minimize', 'maximize']),
    trials: z.object({ complete: z.number(), pruned: z.number(), failed: z.number() }),
    spentMs: z.number(),
    /** Of the plan's own parameters. */
    ownValue: known,
    /** Null when no trial is complete. */
    best: z
      .object({
        trial: z.number(),
        value: known,
        parameters: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
        trees,
      })
      .nullable(),
    /** Shares of 1. */
    importances: numbers,
  }),
  train: trees,
  calibration: z.discriminatedUnion('method', [
    z.object({ method: z.literal('platt'), slope: z.number(), intercept: z.number() }),
    z.object({ method: z.literal('none'), reason: z.string() }),
  ]),
  onnx: storedArtifact.extend({
    bytes: z.number(),
    rows: z.number(),
    /** Null when a row is answered by no number. */
    largestDifference: known,
  }),
  validation: z.object({
    rows: z.number(),
    positives: z.number(),
    metrics: numbers,
    evidence: z.array(evidence),
    validated: z.boolean(),
  }),
  variants: z.array(
    z.object({
      name: z.string(),
      rewrite: z.string(),
      maxMarginChange: z.number(),
      bytesBefore: z.number(),
      bytes: z.number(),
      /** What the rewrite did, its bound for every row among it. */
      changes: numbers,
      /** Rows that the changes of answers were measured on. */
      rows: z.number(),
      /** Null when an answer became one that is no number, or the other way round. */
      largestOutputChange: known,
      meanOutputChange: known,
      metrics: numbers,
      outcome: z.enum(['kept', 'too-lossy', 'undecided', 'no-gain']),
      evidence: z.array(evidence),
      /** Null unless it was kept. */
      stored: storedArtifact.nullable(),
    }),
  ),
  reference: storedArtifact,
  store: z.object({ artifacts: z.record(z.string(), storedArtifact) }),
} satisfies Record<StepName, z.ZodType>;

export type StepResult<Name extends StepName> = z.output<(typeof stepResults)[Name]>;

/** Numbers by name as step results hold them. */
export function storedNumbers(
  values: Readonly<Record<string, number | undefined>>,
): Record<string, number | null> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, finiteOrNull(value)]));
}
