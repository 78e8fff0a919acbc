import { type LstmWeights } from '@headrace/onnx';
import { scaleSequences } from '../../domain/sequence/channel-scaler.js';
import { packWeights } from '../../domain/sequence/packed-weights.js';
import { logistic } from '../../domain/sequence/sequence-loss.js';
import { SequencesUnfitError } from '../../domain/sequence/sequences-unfit-error.js';
import { laidOut, LstmPass, type NetworkShape } from './lstm-pass.js';

/** Rows of a forward pass without gradients; only memory depends on it. */
const rowsPerLook = 512;

/** Logits of scaled sequences by the weights that the pass holds. */
export function logitsOf(
  pass: LstmPass,
  shape: NetworkShape,
  scaled: Float32Array,
  rows: number,
): Float32Array {
  const logits = new Float32Array(rows);
  const inOrder = Uint32Array.from({ length: rows }, (_, row) => row);
  for (let from = 0; from < rows; from += rowsPerLook) {
    const to = Math.min(rows, from + rowsPerLook);
    logits.set(pass.logits(laidOut(scaled, inOrder, from, to, shape), to - from), from);
  }
  return logits;
}

/** Probabilities by these weights, on the backend that is set; NaN for a sequence without a single value. */
export function predictLstm(weights: LstmWeights, values: Float32Array): Float32Array {
  const { steps, channels, layers } = weights;
  const size = steps * channels;
  if (values.length % size !== 0) {
    throw new SequencesUnfitError(
      `${values.length} values are not sequences of ${steps} steps and ${channels} channels`,
    );
  }
  const shape: NetworkShape = { steps, channels, units: layers.map(({ units }) => units) };
  const pass = new LstmPass(shape);
  try {
    pass.load(packWeights(weights));
    const scaled = scaleSequences(values, weights.scaler);
    const logits = logitsOf(pass, shape, scaled, values.length / size);
    return logits.map((logit, row) =>
      values.subarray(row * size, (row + 1) * size).every(Number.isNaN) ? Number.NaN : logistic(logit),
    );
  } finally {
    pass.dispose();
  }
}
