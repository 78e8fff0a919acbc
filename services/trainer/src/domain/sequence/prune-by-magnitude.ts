import { type LstmWeights } from '@headrace/onnx';
import { SequencesUnfitError } from './sequences-unfit-error.js';

/**
 * Sets the smallest weights of every matrix (kernels, recurrent kernels, the last unit's; never a bias) to 0: exactly
 * floor(share x size) of each, by absolute value, the earlier one first among equals. A share a matrix and not one over
 * all of them, because their scales differ with their shapes.
 *
 * Fine-tuning afterwards keeps these zeros (`keepZeros`), and repairs what the cut has cost.
 *
 * @see Han, Pool, Tran, Dally (2015), Learning both Weights and Connections for Efficient Neural Networks
 */
export function pruneByMagnitude(weights: LstmWeights, share: number): LstmWeights {
  if (!(share >= 0 && share < 1)) {
    throw new SequencesUnfitError(`A share of ${share} cannot be pruned; it must be in [0, 1)`);
  }
  return {
    ...weights,
    layers: weights.layers.map((layer) => ({
      ...layer,
      kernel: withoutSmallest(layer.kernel, share),
      recurrentKernel: withoutSmallest(layer.recurrentKernel, share),
    })),
    dense: { ...weights.dense, kernel: withoutSmallest(weights.dense.kernel, share) },
  };
}

/** Share of the weights, without biases, that are 0. */
export function sparsityOf({ layers, dense }: LstmWeights): number {
  const matrices = [
    ...layers.flatMap(({ kernel, recurrentKernel }) => [kernel, recurrentKernel]),
    dense.kernel,
  ];
  const zeros = matrices.reduce((sum, matrix) => sum + matrix.filter((value) => value === 0).length, 0);
  return zeros / matrices.reduce((sum, { length }) => sum + length, 0);
}

function withoutSmallest(matrix: Float32Array, share: number): Float32Array {
  const order = Array.from(matrix, (_, index) => index).sort(
    (a, b) => Math.abs(matrix[a] as number) - Math.abs(matrix[b] as number) || a - b,
  );
  const pruned = matrix.slice();
  for (const index of order.slice(0, Math.floor(share * matrix.length))) pruned[index] = 0;
  return pruned;
}
