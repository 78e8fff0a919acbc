import { SeededRandom } from '@headrace/kernel';

/**
 * The order in which an epoch visits the rows: a uniform permutation (Fisher and Yates) that depends on the seed and the
 * epoch and on nothing else. There is no state of a generator to keep: (seed, epoch, batch) is the place in the whole
 * training, which is what a checkpoint stores. Epochs count from 0.
 */
export function epochOrder(rows: number, seed: number, epoch: number): Uint32Array {
  const order = Uint32Array.from({ length: rows }, (_, row) => row);
  // A large odd factor, so that neighbouring seeds do not share the orders of their epochs one later.
  const random = new SeededRandom((Math.imul(epoch + 1, 0x9e3779b1) ^ seed) >>> 0);
  for (let last = rows - 1; last > 0; last -= 1) {
    const other = random.integer(last + 1);
    const kept = order[last] as number;
    order[last] = order[other] as number;
    order[other] = kept;
  }
  return order;
}

/** Number of batches, the last of which may be smaller; no row is left out. */
export function batchesPerEpoch(rows: number, batchSize: number): number {
  return Math.ceil(rows / batchSize);
}
