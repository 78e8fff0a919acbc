import { z } from 'zod';

const share = z.number().min(0).max(1);
const count = z.number().int().positive();

/** How an LSTM is trained. Every step of the optimiser is one batch; an epoch sees every sequence once. */
export const sequenceSettings = z.strictObject({
  /** Units of each recurrent layer, the first one nearest to the input. */
  units: z.array(count).min(1).default([32]),
  epochs: count.default(30),
  batchSize: count.default(64),
  /** Sequences in one pass of the network; a larger batch is added up from several passes. Bounds memory, not the result. */
  rowsPerPass: count.default(256),
  learningRate: z
    .strictObject({
      peak: z.number().positive().default(0.003),
      warmUpSteps: z.number().int().nonnegative().default(0),
      finalShare: share.default(0.1),
    })
    .prefault({}),
  /** Longest gradient, over all weights together. */
  clipNorm: z.number().positive().default(1),
  weightDecay: z.number().nonnegative().default(0),
  /** Looks at the log loss of the validation set; without one there is nothing to stop by. */
  earlyStopping: z
    .strictObject({ patience: count.default(5), minDelta: z.number().nonnegative().default(0) })
    .prefault({}),
  /** In force where the training set brings a teacher's probabilities. */
  distillation: z
    .strictObject({ temperature: z.number().positive().default(3), teacherShare: share.default(0.5) })
    .prefault({}),
  seed: z.number().int().nonnegative().default(0),
});

export type SequenceSettings = z.output<typeof sequenceSettings>;
