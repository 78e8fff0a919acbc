import { type SequenceSettings } from '../../application/sequence-settings.js';
import { type LabelledSequences } from '../../domain/sequence/labelled-sequences.js';
import { distillationLossAt, type LossAt, logLossAt } from '../../domain/sequence/sequence-loss.js';
import { laidOut, type LstmPass, type NetworkShape } from './lstm-pass.js';

/** Sequences as the network takes them: `values` are scaled, nothing is missing any more. */
export type ScaledSequences = LabelledSequences;

export function weightOf({ weight }: ScaledSequences, row: number): number {
  return weight?.[row] ?? 1;
}

/** The loss of one sequence; without `distillation` a teacher is not listened to. */
export function lossOf(
  { label, teacher }: ScaledSequences,
  row: number,
  logit: number,
  distillation?: SequenceSettings['distillation'],
): LossAt {
  return teacher === undefined || distillation === undefined
    ? logLossAt(logit, label[row] as number)
    : distillationLossAt(logit, label[row] as number, teacher[row] as number, distillation);
}

/** One pass of a batch: the places [from, to) of the epoch's order. */
export interface PassTask {
  readonly order: Uint32Array;
  readonly from: number;
  readonly to: number;
  /** Sum of the weights of the whole batch. */
  readonly batchWeight: number;
}

/**
 * Sets `gradients` to what one pass contributes to the gradient of its batch's mean loss, by the weights that `pass`
 * holds. Answers the sum of weight x loss over its sequences.
 */
export function learnPass(
  pass: LstmPass,
  shape: NetworkShape,
  train: ScaledSequences,
  distillation: SequenceSettings['distillation'],
  { order, from, to, batchWeight }: PassTask,
  gradients: readonly Float64Array[],
): number {
  let lossSum = 0;
  const slopesOf = (logits: Float32Array): Float32Array =>
    logits.map((logit, at) => {
      const row = order[from + at] as number;
      const { loss, slope } = lossOf(train, row, logit, distillation);
      lossSum += weightOf(train, row) * loss;
      return (weightOf(train, row) * slope) / batchWeight;
    });
  for (const gradient of gradients) gradient.fill(0);
  pass.addGradients(laidOut(train.values, order, from, to, shape), to - from, slopesOf, gradients);
  return lossSum;
}
