import { type Random } from '@headrace/kernel';
import { type LstmWeights } from '../build/add-lstm.js';

export function randomLstm(
  random: Random,
  shape: { readonly steps: number; readonly channels: number; readonly units: readonly number[] },
): LstmWeights {
  const values = (count: number, spread = 0.6): Float32Array =>
    Float32Array.from({ length: count }, () => random.normal() * spread);
  let inputs = shape.channels;
  const layers = shape.units.map((units) => {
    const layer = {
      units,
      kernel: values(inputs * 4 * units),
      recurrentKernel: values(units * 4 * units),
      bias: values(4 * units),
    };
    inputs = units;
    return layer;
  });
  return {
    steps: shape.steps,
    channels: shape.channels,
    layers,
    dense: { kernel: values(inputs), bias: values(1) },
    scaler: {
      mean: values(shape.channels, 20),
      scale: Float32Array.from({ length: shape.channels }, () => 0.5 + random.next() * 9),
    },
  };
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/**
 * The probability of one sequence in doubles, written from the textbook and Keras's memory layout and sharing nothing with
 * the graph: gates i, f, c, o in the columns; what is missing is 0 after scaling.
 */
export function lstmByHand(weights: LstmWeights, sequence: readonly number[]): number {
  const { steps, channels, layers, dense, scaler } = weights;
  let series = Array.from({ length: steps }, (_, step) =>
    Array.from({ length: channels }, (_, channel) => {
      const value = sequence[step * channels + channel]!;
      return Number.isNaN(value) ? 0 : (value - scaler.mean[channel]!) / scaler.scale[channel]!;
    }),
  );
  for (const { units, kernel, recurrentKernel, bias } of layers) {
    let hidden = new Array<number>(units).fill(0);
    let cell = new Array<number>(units).fill(0);
    series = series.map((x) => {
      const gate = (number: number, unit: number): number => {
        const column = number * units + unit;
        const fromInput = x.reduce((sum, value, row) => sum + value * kernel[row * 4 * units + column]!, 0);
        const fromState = hidden.reduce(
          (sum, value, row) => sum + value * recurrentKernel[row * 4 * units + column]!,
          0,
        );
        return fromInput + fromState + bias[column]!;
      };
      const next = cell.map(
        (value, unit) => sigmoid(gate(1, unit)) * value + sigmoid(gate(0, unit)) * Math.tanh(gate(2, unit)),
      );
      hidden = next.map((value, unit) => sigmoid(gate(3, unit)) * Math.tanh(value));
      cell = next;
      return hidden;
    });
  }
  const last = series.at(-1)!;
  return sigmoid(last.reduce((sum, value, row) => sum + value * dense.kernel[row]!, dense.bias[0]!));
}
