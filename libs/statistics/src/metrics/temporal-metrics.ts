import { areFinitePairs, PROBABILITY_SLACK } from '../samples/paired-samples.js';
import { InvalidSampleError } from '../samples/invalid-sample-error.js';

/**
 * When the series moved, did the prediction move the same way? The share of steps with a change of what happened in
 * which the prediction changed with the same sign. Rows are in order of time.
 *
 * Undefined when nothing ever changed: steps without a direction prove nothing, so they are left out rather than
 * counted as hits (a label that is mostly 0 would otherwise score near 1 for any flat prediction).
 */
export function directionalAccuracy(
  actual: ArrayLike<number>,
  predicted: ArrayLike<number>,
): number | undefined {
  if (!areFinitePairs(actual, predicted, 2)) return undefined;
  let [moves, hits] = [0, 0];
  for (let row = 1; row < actual.length; row += 1) {
    const moved = Math.sign((actual[row] as number) - (actual[row - 1] as number));
    if (moved === 0) continue;
    moves += 1;
    if (Math.sign((predicted[row] as number) - (predicted[row - 1] as number)) === moved) hits += 1;
  }
  return moves > 0 ? hits / moves : undefined;
}

/**
 * Is the prediction equally good all the time? Rows in order of time are cut into consecutive blocks (default 10):
 *
 *   consistency = 1 - 2 * standard deviation of the blocks' mean absolute errors
 *
 * 1 means that every block was equally good (or bad), 0 that half of them were perfect and half always wrong. Defined
 * for labels and probabilities, whose errors lie in [0, 1]; anything else throws. Undefined with fewer than two rows a
 * block or a value that is not finite.
 */
export function temporalConsistency(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  blocks = 10,
): number | undefined {
  if (!Number.isInteger(blocks) || blocks < 2) {
    throw new InvalidSampleError(`Temporal consistency needs at least 2 blocks, got ${blocks}`);
  }
  if (!areFinitePairs(labels, probabilities, 2 * blocks)) return undefined;
  const errors = new Float64Array(blocks);
  for (let block = 0; block < blocks; block += 1) {
    const start = Math.floor((block * labels.length) / blocks);
    const end = Math.floor(((block + 1) * labels.length) / blocks);
    let sum = 0;
    for (let row = start; row < end; row += 1) {
      const error = Math.abs((probabilities[row] as number) - (labels[row] as number));
      if (error > 1 + PROBABILITY_SLACK) {
        throw new InvalidSampleError(
          `Row ${row} is off by ${error}; labels and probabilities must be in [0, 1]`,
        );
      }
      sum += error;
    }
    errors[block] = sum / (end - start);
  }
  const mean = errors.reduce((sum, error) => sum + error, 0) / blocks;
  const variance = errors.reduce((sum, error) => sum + (error - mean) ** 2, 0) / blocks;
  return Math.max(0, 1 - 2 * Math.sqrt(variance));
}
