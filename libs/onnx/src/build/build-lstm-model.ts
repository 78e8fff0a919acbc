import { type Calibration } from './add-calibration.js';
import { type LstmWeights } from './add-lstm.js';
import { buildEnsembleModel } from './build-ensemble-model.js';

export interface LstmModelOptions {
  /** Name of the member's output. Default `lstm`. */
  readonly member?: string;
  /** Order of the channels of `sequence`. */
  readonly channelNames?: readonly string[];
  readonly calibration?: Calibration;
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * An ONNX file of one LSTM: input `sequence` FP32 [n, steps, channels] of raw values (see addLstm for padding and missing
 * values), outputs `probability` FP32 [n] and the member's own output, which is the same. A row without a single value
 * answers NaN.
 */
export function buildLstmModel(
  weights: LstmWeights,
  { member = 'lstm', channelNames, calibration, metadata = {} }: LstmModelOptions = {},
): Uint8Array {
  return buildEnsembleModel({
    featureNames: [],
    ...(channelNames !== undefined && { channelNames }),
    members: [
      {
        kind: 'lstm',
        name: member,
        weight: 1,
        lstm: weights,
        ...(calibration !== undefined && { calibration }),
      },
    ],
    metadata,
  });
}
