import { computeStrides } from './evaluate-operator.js';
import { RewriteRefusedError } from './rewrite.js';

/** Weights as signed bytes: `weight` is approximately `byte * scale of its channel`. */
export interface Int8Weights {
  readonly bytes: Int8Array;
  /** One for all, or one a channel. */
  readonly scales: Float32Array;
  readonly maxChange: number;
}

/** Smaller scales are not normal float32 numbers: the weights are practically zero. */
const minScale = 2 ** -126;

/**
 * Symmetric quantisation: scale = max |w| / steps over the tensor or over each channel along `axis`, byte = w / scale rounded
 * to the nearest (ties to even, float32 division), in [-steps, steps]. Zero stays zero exactly, so that pruned weights stay
 * pruned. A weight moves by at most half a scale, plus the rounding of the scale itself. When all weights are zero, or so
 * small that their scale is not a normal float32, the bytes are 0 and the scale is 1.
 *
 * The same formula as onnxruntime.quantization (QuantType.QInt8, WeightSymmetric), to the bit.
 */
export function toInt8(
  values: Float32Array,
  dims: readonly number[],
  axis: number | undefined,
  steps: 127 | 64,
): Int8Weights {
  const inner = axis === undefined ? values.length : (computeStrides(dims)[axis] ?? 1);
  const channels = axis === undefined ? 1 : (dims[axis] ?? 1);
  const channelOf = (place: number): number => Math.floor(place / inner) % channels;
  const maxMagnitudes = new Float32Array(channels);
  for (const [place, value] of values.entries()) {
    const channel = channelOf(place);
    maxMagnitudes[channel] = Math.max(maxMagnitudes[channel] as number, Math.abs(value));
  }
  const scales = maxMagnitudes.map((maxMagnitude) => {
    const scale = (2 * maxMagnitude) / (2 * steps);
    return scale < minScale ? 1 : scale;
  });
  const bytes = new Int8Array(values.length);
  let maxChange = 0;
  for (const [place, value] of values.entries()) {
    const scale = scales[channelOf(place)] as number;
    const byte = Math.max(-steps, Math.min(steps, roundHalfEven(Math.fround(value / scale))));
    bytes[place] = byte;
    maxChange = Math.max(maxChange, Math.abs(value - Math.fround(byte * scale)));
  }
  return { bytes, scales, maxChange };
}

function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  const over = value - below;
  if (over !== 0.5) return over < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

/** Refuses NaN and infinite weights: they have no scale, and smaller storage would hide the defect of such a model. */
export function checkFiniteWeights(rewrite: string, name: string, values: Float32Array): void {
  const place = values.findIndex((value) => !Number.isFinite(value));
  if (place >= 0) {
    throw new RewriteRefusedError(
      rewrite,
      `the weight ${name}[${place}] is ${values[place] ?? NaN}; train the model again or leave this rewrite out`,
    );
  }
}
