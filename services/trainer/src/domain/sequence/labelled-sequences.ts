import { SequencesUnfitError } from './sequences-unfit-error.js';

export interface LabelledSequences {
  /** [n, steps, channels], raw: NaN where nothing is known. */
  readonly values: Float32Array;
  /** [n], 0..1. */
  readonly label: Float32Array;
  /** [n], not negative. Default 1 each. */
  readonly weight?: Float32Array;
  /** [n], probabilities of the model to learn from, beside the labels. */
  readonly teacher?: Float32Array;
}

/** Number of sequences; throws for a set that cannot be learned from, naming the first bad row. */
export function requireLabelled(
  name: string,
  { values, label, weight, teacher }: LabelledSequences,
  { steps, channels }: { readonly steps: number; readonly channels: number },
): number {
  const rows = label.length;
  if (rows === 0) throw new SequencesUnfitError(`The ${name} set has no sequences`);
  if (values.length !== rows * steps * channels) {
    throw new SequencesUnfitError(
      `The ${name} set has ${values.length} values for ${rows} sequences of ${steps} steps and ${channels} channels`,
    );
  }
  requireEach(name, 'value', values, (value) => Number.isNaN(value) || Number.isFinite(value));
  requireEach(name, 'label', label, isShare);
  if (teacher !== undefined) requireEach(name, 'teacher', teacher, isShare, rows);
  if (weight !== undefined) {
    requireEach(name, 'weight', weight, (value) => value >= 0 && Number.isFinite(value), rows);
    if (weight.every((value) => value === 0)) {
      throw new SequencesUnfitError(`All weights of the ${name} set are 0`);
    }
  }
  return rows;
}

function isShare(value: number): boolean {
  return value >= 0 && value <= 1;
}

function requireEach(
  set: string,
  what: string,
  values: Float32Array,
  isFit: (value: number) => boolean,
  rows = values.length,
): void {
  if (values.length !== rows) {
    throw new SequencesUnfitError(`The ${set} set has ${values.length} of ${what} for ${rows} sequences`);
  }
  const bad = values.findIndex((value) => !isFit(value));
  if (bad >= 0) throw new SequencesUnfitError(`The ${set} set has the ${what} ${values[bad]} at ${bad}`);
}
