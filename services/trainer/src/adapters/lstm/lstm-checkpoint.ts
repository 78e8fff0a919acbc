import { createHash } from 'node:crypto';
import { AppError } from '@headrace/kernel';
import { type AdamSlots } from '../../domain/sequence/adam.js';
import { nonFiniteAsText, textAsNonFinite } from '../../domain/non-finite-json.js';
import { type EarlyStopping } from '../../domain/sequence/early-stopping.js';

export class CheckpointUnfitError extends AppError {
  readonly code = 'TRAINER_CHECKPOINT_UNFIT';
  readonly kind = 'conflict';
}

/** Everything that the rest of a training depends on, between two steps of the optimiser. */
export interface LstmTrainingState {
  /** From 0; `batch` is the next one of this epoch. The order of an epoch follows from the seed. */
  readonly epoch: number;
  readonly batch: number;
  /** Of the epoch so far: sum of weight x loss, and of weights. */
  readonly lossSum: number;
  readonly weightSum: number;
  readonly parameters: readonly Float32Array[];
  readonly slots: AdamSlots;
  readonly stopping: EarlyStopping;
  /** Those of the best epoch, once there is one. */
  readonly bestParameters: readonly Float32Array[] | undefined;
  readonly trainLosses: readonly number[];
  readonly validationLosses: readonly number[];
}

const magic = 'HEADRACE-LSTM-1\n';
const digestBytes = 32;

/**
 * A training state as bytes: magic, length of the header, header (JSON: what is not an array of weights, and the key of
 * the request), weights as little-endian float32, SHA-256 of all that. Numbers pass through JSON and back unchanged.
 */
export function encodeCheckpoint(state: LstmTrainingState, requestKey: string): Uint8Array {
  const { parameters, slots, bestParameters, ...rest } = state;
  const header = Buffer.from(
    JSON.stringify(
      {
        requestKey,
        sizes: parameters.map(({ length }) => length),
        hasBest: bestParameters !== undefined,
        steps: slots.steps,
        ...rest,
      },
      nonFiniteAsText,
    ),
  );
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  const arrays = [...parameters, ...slots.first, ...slots.second, ...(bestParameters ?? [])];
  const body = Buffer.concat([Buffer.from(magic), length, header, ...arrays.map(toBytes)]);
  return Buffer.concat([body, createHash('sha256').update(body).digest()]);
}

/** Throws for bytes that are damaged, and for the checkpoint of another request. */
export function decodeCheckpoint(bytes: Uint8Array, requestKey: string): LstmTrainingState {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const body = all.subarray(0, -digestBytes);
  if (
    all.length < magic.length + 4 + digestBytes ||
    body.subarray(0, magic.length).toString() !== magic ||
    !createHash('sha256').update(body).digest().equals(all.subarray(-digestBytes))
  ) {
    throw new CheckpointUnfitError(
      `${all.length} bytes are not a whole checkpoint of an LSTM; begin the training anew`,
    );
  }
  const arraysAt = magic.length + 4 + body.readUInt32LE(magic.length);
  const { sizes, hasBest, steps, ...header } = JSON.parse(
    body.subarray(magic.length + 4, arraysAt).toString(),
    textAsNonFinite,
  ) as Omit<LstmTrainingState, 'parameters' | 'slots' | 'bestParameters'> & {
    readonly requestKey: string;
    readonly sizes: readonly number[];
    readonly hasBest: boolean;
    readonly steps: number;
  };
  if (header.requestKey !== requestKey) {
    throw new CheckpointUnfitError(
      'The checkpoint belongs to a training with other data or settings; begin this one anew',
    );
  }
  let at = arraysAt;
  const next = (): Float32Array[] =>
    sizes.map((size) => {
      const values = Float32Array.from({ length: size }, (_, index) => body.readFloatLE(at + 4 * index));
      at += 4 * size;
      return values;
    });
  const { epoch, batch, lossSum, weightSum, stopping, trainLosses, validationLosses } = header;
  return {
    epoch,
    batch,
    lossSum,
    weightSum,
    parameters: next(),
    slots: { steps, first: next(), second: next() },
    stopping: { best: stopping.best, waited: stopping.waited },
    bestParameters: hasBest ? next() : undefined,
    trainLosses,
    validationLosses,
  };
}

function toBytes(values: Float32Array): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => bytes.writeFloatLE(value, 4 * index));
  return bytes;
}
