import { createHash } from 'node:crypto';
import { type SequenceTrainingRequest } from '../../application/sequence-trainer.js';
import { packWeights } from '../../domain/sequence/packed-weights.js';

/** Names everything that the result depends on, so that a checkpoint is not continued with something else. */
export function requestKey({
  steps,
  channels,
  settings,
  train,
  validation,
  startFrom,
}: SequenceTrainingRequest): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify({ steps, channels, settings, keepZeros: startFrom?.keepZeros ?? false }));
  const arrays = [train, validation].flatMap((set) => [set?.values, set?.label, set?.weight, set?.teacher]);
  if (startFrom) {
    const { scaler } = startFrom.weights;
    arrays.push(...packWeights(startFrom.weights), scaler.mean, scaler.scale);
  }
  for (const values of arrays) {
    hash.update(`${values?.length ?? -1};`);
    if (values) hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return hash.digest('hex');
}
