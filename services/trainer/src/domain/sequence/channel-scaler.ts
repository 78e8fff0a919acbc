import { SequencesUnfitError } from './sequences-unfit-error.js';

/** Per channel; `scale` is a standard deviation, or 1 for a channel that does not change. */
export interface ChannelScaler {
  readonly mean: Float32Array;
  readonly scale: Float32Array;
}

/** Relative to the mean; a smaller spread than this is rounding of float32, not information. */
const smallestSpread = 1e-6;

/**
 * Mean and population standard deviation (divided by n, as scikit-learn's StandardScaler) of every channel, over what is
 * known. A channel without any value has mean 0 and scale 1; one that is constant has scale 1, so that it becomes 0.
 * Two passes in double precision: no cancellation for means far from zero. `values` is [.., channels], NaN is missing,
 * and an infinite value is an error: it would make every other one 0.
 *
 * Give it training data only. What it has seen of a later period is knowledge of the future.
 */
export function fitScaler(values: Float32Array, channels: number): ChannelScaler {
  const sum = new Float64Array(channels);
  const count = new Float64Array(channels);
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] as number;
    if (Number.isNaN(value)) continue;
    if (!Number.isFinite(value)) {
      throw new SequencesUnfitError(
        `Channel ${index % channels} holds ${value}; mark what is not known as NaN`,
      );
    }
    const channel = index % channels;
    sum[channel] = (sum[channel] as number) + value;
    count[channel] = (count[channel] as number) + 1;
  }
  const mean = Float32Array.from(sum, (total, channel) => (count[channel] ? total / count[channel] : 0));
  const squares = new Float64Array(channels);
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] as number;
    const channel = index % channels;
    const known = count[channel] as number;
    if (!Number.isNaN(value)) {
      squares[channel] = (squares[channel] as number) + (value - (sum[channel] as number) / known) ** 2;
    }
  }
  const scale = Float32Array.from(squares, (total, channel) => {
    const deviation = Math.sqrt(total / (count[channel] || 1));
    return deviation > smallestSpread * Math.abs(mean[channel] as number) && Math.fround(deviation) > 0
      ? deviation
      : 1;
  });
  return { mean, scale };
}

/** (x - mean) / scale in float32, and 0 for NaN: the arithmetic of the ONNX graph, so that both see the same bits. */
export function scaleSequences(values: Float32Array, { mean, scale }: ChannelScaler): Float32Array {
  const channels = mean.length;
  const scaled = new Float32Array(values.length);
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] as number;
    const channel = index % channels;
    scaled[index] = Number.isNaN(value)
      ? 0
      : Math.fround(value - (mean[channel] as number)) / (scale[channel] as number);
  }
  return scaled;
}
