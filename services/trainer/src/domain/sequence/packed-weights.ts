import { type LstmWeights } from '@headrace/onnx';

/**
 * The weights as training holds them, one matrix a layer and one for the last unit, so that a step of the network is one
 * product and a step of the optimiser one loop:
 *
 *   layer  [4 units, units + inputs + 1]   z = K [h; x; 1], rows of the gates i, f, o, c
 *   dense  [1, units + 1]                  logit = d [h; 1]
 *
 * The three gates with a sigmoid stand together; Keras has c before o.
 */
export type PackedWeights = readonly Float32Array[];

/** Where the packed gates i, f, o, c stand among Keras's i, f, c, o. */
const kerasGate = [0, 1, 3, 2] as const;

export function packWeights({ layers, dense, channels }: LstmWeights): Float32Array[] {
  let inputs = channels;
  const packed = layers.map(({ units, kernel, recurrentKernel, bias }) => {
    const matrix = new Float32Array(4 * units * (units + inputs + 1));
    forEachCell(units, inputs, (at, part, from) => {
      matrix[at] = { recurrent: recurrentKernel, kernel, bias }[part][from] as number;
    });
    inputs = units;
    return matrix;
  });
  return [...packed, Float32Array.from([...dense.kernel, ...dense.bias])];
}

export function unpackWeights(packed: PackedWeights, like: LstmWeights): LstmWeights {
  let inputs = like.channels;
  const layers = like.layers.map(({ units }, index) => {
    const matrix = packed[index] as Float32Array;
    const recurrentKernel = new Float32Array(units * 4 * units);
    const kernel = new Float32Array(inputs * 4 * units);
    const bias = new Float32Array(4 * units);
    forEachCell(units, inputs, (at, part, to) => {
      ({ recurrent: recurrentKernel, kernel, bias })[part][to] = matrix[at] as number;
    });
    inputs = units;
    return { units, kernel, recurrentKernel, bias };
  });
  const dense = packed[layers.length] as Float32Array;
  return { ...like, layers, dense: { kernel: dense.slice(0, -1), bias: dense.slice(-1) } };
}

/** 1 for every packed weight that multiplies something, 0 for biases: they are neither decayed nor pruned. */
export function multiplying({ layers, dense, channels }: LstmWeights): Uint8Array[] {
  let inputs = channels;
  const flags = layers.map(({ units }) => {
    const flag = new Uint8Array(4 * units * (units + inputs + 1));
    forEachCell(units, inputs, (at, part) => (flag[at] = part === 'bias' ? 0 : 1));
    inputs = units;
    return flag;
  });
  return [
    ...flags,
    Uint8Array.from({ length: dense.kernel.length + 1 }, (_, at) => (at < dense.kernel.length ? 1 : 0)),
  ];
}

function forEachCell(
  units: number,
  inputs: number,
  visit: (at: number, part: 'recurrent' | 'kernel' | 'bias', inKeras: number) => void,
): void {
  const columns = units + inputs + 1;
  for (const [place, gate] of kerasGate.entries()) {
    for (let unit = 0; unit < units; unit += 1) {
      const row = (place * units + unit) * columns;
      const column = gate * units + unit;
      for (let from = 0; from < units; from += 1) visit(row + from, 'recurrent', from * 4 * units + column);
      for (let from = 0; from < inputs; from += 1) {
        visit(row + units + from, 'kernel', from * 4 * units + column);
      }
      visit(row + units + inputs, 'bias', column);
    }
  }
}
