import { z } from 'zod';

export const trainingSetReference = z.object({
  key: z.string().min(1),
  digest: z.string().startsWith('sha256:'),
  rows: z.number().int().nonnegative(),
  positives: z.number().int().nonnegative(),
  from: z.iso.datetime({ offset: true }),
  to: z.iso.datetime({ offset: true }),
  featureNames: z.array(z.string().min(1)).min(1),
});
export type TrainingSetReference = z.output<typeof trainingSetReference>;

export const trainingSetPreview = z.object({
  rows: z.number().int().nonnegative(),
  positives: z.number().int().nonnegative(),
});
export type TrainingSetPreview = z.output<typeof trainingSetPreview>;

/** A training set in memory, in order of time. NaN is "not known". */
export interface TrainingSet {
  readonly featureNames: readonly string[];
  readonly rows: number;
  /** Row after row. */
  readonly values: Float32Array;
  readonly label: Float32Array;
  /** Milliseconds of the event time. */
  readonly times: Float64Array;
  readonly systemIds: readonly string[];
}

/** Makes training sets, point-in-time correct, and says beforehand how large one would be. */
export abstract class TrainingSets {
  abstract preview(view: string, label: string): Promise<TrainingSetPreview>;
  /** Builds a set and stores it as an object; the same data give the same digest. */
  abstract build(view: string, label: string): Promise<TrainingSetReference>;
  /** Reads a stored set; fails with TRAINER_TRAINING_SET_UNREADABLE when the object is not what the reference says. */
  abstract read(reference: TrainingSetReference): Promise<TrainingSet>;
}
