import { AppError, SeededRandom } from '@headrace/kernel';
import { type LstmWeights } from '@headrace/onnx';
import {
  type EpochProgress,
  type SequenceTrainingRequest,
  type TrainedSequenceModel,
} from '../../application/sequence-trainer.js';
import { TrainingCancelledError } from '../../domain/training.js';
import { adamDefaults, startAdam, stepAdam } from '../../domain/sequence/adam.js';
import { batchesPerEpoch } from '../../domain/sequence/batch-order.js';
import { fitScaler, scaleSequences } from '../../domain/sequence/channel-scaler.js';
import { clipFactor, globalNorm } from '../../domain/sequence/clip-gradient.js';
import { judgeEpoch, nothingSeen } from '../../domain/sequence/early-stopping.js';
import { initialWeights } from '../../domain/sequence/initial-weights.js';
import { type LabelledSequences, requireLabelled } from '../../domain/sequence/labelled-sequences.js';
import { learningRateAt } from '../../domain/sequence/learning-rate.js';
import { multiplying, packWeights, unpackWeights } from '../../domain/sequence/packed-weights.js';
import { SequencesUnfitError } from '../../domain/sequence/sequences-unfit-error.js';
import { BatchLearner } from './learn-batch.js';
import { lossOf, type ScaledSequences, weightOf } from './learn-pass.js';
import { decodeCheckpoint, encodeCheckpoint, type LstmTrainingState } from './lstm-checkpoint.js';
import { LstmPass, type NetworkShape } from './lstm-pass.js';
import { logitsOf } from './predict-lstm.js';
import { requestKey } from './request-key.js';

export class TrainingDivergedError extends AppError {
  readonly code = 'TRAINER_TRAINING_DIVERGED';
  readonly kind = 'invalid';
}

export interface LstmTrainingControl {
  readonly isCancelled?: () => boolean;
  readonly onEpoch?: (progress: EpochProgress) => void;
  readonly onCheckpoint?: (checkpoint: Uint8Array) => void;
  readonly checkpointEverySteps?: number | undefined;
  /** Threads that share the passes of a batch, this one among them. The result does not depend on it. Default 1. */
  readonly threads?: number;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Trains an LSTM on the backend that is set, synchronously: call it in a thread of its own.
 *
 * A step of the optimiser is one batch: its gradient is the weighted mean over the batch's sequences, added up over passes
 * of `rowsPerPass`, then clipped by its norm. Between two steps it looks whether it is cancelled, and everything that the
 * rest depends on is in the state, so that a checkpoint is that state and a resumed training gives the same bits.
 */
export function trainLstm(
  request: SequenceTrainingRequest,
  { isCancelled, onEpoch, onCheckpoint, checkpointEverySteps, threads = 1 }: LstmTrainingControl = {},
): TrainedSequenceModel {
  const { settings } = request;
  const rows = requireLabelled('training', request.train, request);
  if (request.validation) requireLabelled('validation', request.validation, request);
  const start = startingWeights(request);
  const shape: NetworkShape = { ...request, units: start.layers.map(({ units }) => units) };
  const validation = request.validation && scaled(request.validation, start);
  const key = requestKey(request);
  const free = multiplying(start);
  const masks = request.startFrom?.keepZeros === true ? masksOf(start, free) : undefined;
  const state: Mutable<LstmTrainingState> = request.resume
    ? decodeCheckpoint(request.resume, key)
    : freshState(packWeights(start));
  const batches = batchesPerEpoch(rows, settings.batchSize);
  const totalSteps = batches * settings.epochs;
  const gradients = state.parameters.map(({ length }) => new Float64Array(length));
  const adam = { ...adamDefaults, weightDecay: settings.weightDecay };
  const pass = new LstmPass(shape);
  const sizes = gradients.map(({ length }) => length);
  const learner = new BatchLearner(pass, shape, scaled(request.train, start), settings, sizes, threads);
  let stopped = validation !== undefined && state.stopping.waited >= settings.earlyStopping.patience;
  try {
    while (!stopped && state.epoch < settings.epochs) {
      while (state.batch < batches) {
        if (isCancelled?.() === true) {
          onCheckpoint?.(encodeCheckpoint(state, key));
          throw new TrainingCancelledError(
            `Training was cancelled in epoch ${state.epoch} after ${state.batch} of ${batches} batches`,
          );
        }
        const from = state.batch * settings.batchSize;
        const to = Math.min(rows, from + settings.batchSize);
        const batch = learner.learn(state.parameters, state.epoch, from, to, gradients);
        state.lossSum += batch.lossSum;
        state.weightSum += batch.weight;
        state.batch += 1;
        if (batch.weight > 0) {
          const factor = clipFactor(globalNorm(gradients), settings.clipNorm);
          if (factor === undefined) {
            throw new TrainingDivergedError(
              `The gradient is not finite in epoch ${state.epoch}; lower the learning rate from ${settings.learningRate.peak}, or the clip norm from ${settings.clipNorm}`,
            );
          }
          for (const gradient of gradients) {
            for (let at = 0; at < gradient.length; at += 1) gradient[at] = (gradient[at] as number) * factor;
          }
          const rate = learningRateAt(state.slots.steps, totalSteps, settings.learningRate);
          state.slots = stepAdam(state.parameters, gradients, state.slots, rate, adam, masks, free);
        }
        if (state.batch < batches && state.batch % (checkpointEverySteps ?? Infinity) === 0) {
          onCheckpoint?.(encodeCheckpoint(state, key));
        }
      }
      stopped = endEpoch(pass, shape, state, validation, settings, onEpoch);
      onCheckpoint?.(encodeCheckpoint(state, key));
    }
  } finally {
    learner.close();
    pass.dispose();
  }
  return finished(state, start, stopped);
}

/** Scores the epoch, decides, and moves the state on to the next one. Answers whether to stop. */
function endEpoch(
  pass: LstmPass,
  shape: NetworkShape,
  state: Mutable<LstmTrainingState>,
  validation: ScaledSequences | undefined,
  settings: SequenceTrainingRequest['settings'],
  onEpoch: LstmTrainingControl['onEpoch'],
): boolean {
  const trainLoss = state.lossSum / state.weightSum;
  state.trainLosses = [...state.trainLosses, trainLoss];
  let stop = false;
  let score: number | undefined;
  if (validation !== undefined) {
    pass.load(state.parameters);
    score = meanLoss(validation, logitsOf(pass, shape, validation.values, validation.label.length));
    const verdict = judgeEpoch(state.stopping, state.epoch, score, settings.earlyStopping);
    state.validationLosses = [...state.validationLosses, score];
    state.stopping = verdict.state;
    if (verdict.improved) state.bestParameters = state.parameters.map((values) => values.slice());
    stop = verdict.stop;
  }
  onEpoch?.({
    epoch: state.epoch,
    epochs: settings.epochs,
    scores: { 'train-logloss': trainLoss, ...(score !== undefined && { 'validation-logloss': score }) },
  });
  state.epoch += 1;
  state.batch = 0;
  state.lossSum = 0;
  state.weightSum = 0;
  return stop;
}

function finished(state: LstmTrainingState, start: LstmWeights, stopped: boolean): TrainedSequenceModel {
  const { best } = state.stopping;
  return {
    weights: unpackWeights(state.bestParameters ?? state.parameters, start),
    epochs: best === undefined ? state.epoch : best.epoch + 1,
    bestScore: best?.score,
    stopped: stopped ? 'early' : 'epochs',
    history: {
      'train-logloss': state.trainLosses,
      ...(state.validationLosses.length > 0 && { 'validation-logloss': state.validationLosses }),
    },
  };
}

function startingWeights({
  steps,
  channels,
  settings,
  train,
  startFrom,
}: SequenceTrainingRequest): LstmWeights {
  if (startFrom === undefined) {
    return initialWeights(
      { steps, channels, units: settings.units },
      fitScaler(train.values, channels),
      new SeededRandom(settings.seed),
    );
  }
  const { weights } = startFrom;
  if (weights.steps !== steps || weights.channels !== channels) {
    throw new SequencesUnfitError(
      `The weights to start from are for ${weights.steps} steps of ${weights.channels} channels, the sequences have ${steps} of ${channels}`,
    );
  }
  return weights;
}

function freshState(parameters: readonly Float32Array[]): LstmTrainingState {
  return {
    epoch: 0,
    batch: 0,
    lossSum: 0,
    weightSum: 0,
    parameters,
    slots: startAdam(parameters),
    stopping: nothingSeen,
    bestParameters: undefined,
    trainLosses: [],
    validationLosses: [],
  };
}

function scaled(set: LabelledSequences, { scaler }: LstmWeights): ScaledSequences {
  return { ...set, values: scaleSequences(set.values, scaler) };
}

/** Against the labels alone: a student is judged by what happened, not by its teacher. */
function meanLoss(set: ScaledSequences, logits: Float32Array): number {
  let sum = 0;
  let weights = 0;
  for (const [row, logit] of logits.entries()) {
    sum += weightOf(set, row) * lossOf(set, row, logit).loss;
    weights += weightOf(set, row);
  }
  return sum / weights;
}

function masksOf(weights: LstmWeights, free: readonly Uint8Array[]): Uint8Array[] {
  return packWeights(weights).map((values, index) =>
    Uint8Array.from(values, (value, at) => (value === 0 && free[index]?.[at] === 1 ? 0 : 1)),
  );
}
