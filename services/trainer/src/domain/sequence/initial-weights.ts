import { type Random } from '@headrace/kernel';
import { type LstmLayerWeights, type LstmWeights } from '@headrace/onnx';
import { type ChannelScaler } from './channel-scaler.js';

/**
 * Weights to start from, as Keras starts: input kernels Glorot uniform, recurrent kernels orthogonal (a state neither
 * grows nor fades as it is carried on), biases 0 with 1 for the forget gate (remember, until told otherwise), the last
 * unit Glorot uniform. The numbers depend on `random` alone.
 *
 * @see Glorot, Bengio (2010); Saxe, McClelland, Ganguli (2014); Jozefowicz, Zaremba, Sutskever (2015), section 2.2
 */
export function initialWeights(
  shape: { readonly steps: number; readonly channels: number; readonly units: readonly number[] },
  scaler: ChannelScaler,
  random: Random,
): LstmWeights {
  const layers: LstmLayerWeights[] = [];
  let inputs = shape.channels;
  for (const units of shape.units) {
    const bias = new Float32Array(4 * units);
    bias.fill(1, units, 2 * units);
    layers.push({
      units,
      kernel: glorotUniform(inputs, 4 * units, random),
      recurrentKernel: orthogonalRows(units, 4 * units, random),
      bias,
    });
    inputs = units;
  }
  return {
    steps: shape.steps,
    channels: shape.channels,
    layers,
    dense: { kernel: glorotUniform(inputs, 1, random), bias: new Float32Array(1) },
    scaler: { mean: scaler.mean, scale: scaler.scale },
  };
}

/** [rows, columns], uniform in +-sqrt(6 / (rows + columns)). */
function glorotUniform(rows: number, columns: number, random: Random): Float32Array {
  const limit = Math.sqrt(6 / (rows + columns));
  return Float32Array.from({ length: rows * columns }, () => (2 * random.next() - 1) * limit);
}

/** [rows, columns], rows <= columns: normal numbers made orthonormal by Gram and Schmidt, twice against rounding. */
export function orthogonalRows(rows: number, columns: number, random: Random): Float32Array {
  const made: Float64Array[] = [];
  while (made.length < rows) {
    const row = Float64Array.from({ length: columns }, () => random.normal());
    for (let pass = 0; pass < 2; pass += 1) {
      for (const other of made) {
        const along = dot(row, other);
        for (let at = 0; at < columns; at += 1) row[at] = (row[at] as number) - along * (other[at] as number);
      }
    }
    const length = Math.sqrt(dot(row, row));
    if (length > 1e-6) made.push(row.map((value) => value / length));
  }
  return Float32Array.from(made.flatMap((row) => [...row]));
}

function dot(one: Float64Array, other: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < one.length; at += 1) sum += (one[at] as number) * (other[at] as number);
  return sum;
}
