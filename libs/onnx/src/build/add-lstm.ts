import { refuse } from '../trees/tree-ensemble.js';
import { addScaler, checkWeights, type Scaler } from './add-scaler.js';
import { intAttribute, intsAttribute } from './attributes.js';
import { type GraphBuilder } from './graph-builder.js';

/** A recurrent layer in the layout of Keras and tensorflow.js: gates in the order i, f, c, o, row-major. */
export interface LstmLayerWeights {
  readonly units: number;
  /** [inputs, 4 * units] */
  readonly kernel: Float32Array;
  /** [units, 4 * units] */
  readonly recurrentKernel: Float32Array;
  /** [4 * units] */
  readonly bias: Float32Array;
}

/**
 * An LSTM over `steps` steps of `channels` channels, ending in one unit with a sigmoid. Every layer has the activation
 * tanh and the recurrent activation **sigmoid** (tensorflow.js has `hardSigmoid` as its default: set it).
 */
export interface LstmWeights {
  readonly steps: number;
  readonly channels: number;
  readonly layers: readonly LstmLayerWeights[];
  /** [units of the last layer, 1] and [1] */
  readonly dense: { readonly kernel: Float32Array; readonly bias: Float32Array };
  /** Per channel. */
  readonly scaler: Scaler;
}

/** Positions of ONNX's gates i, o, f, c among Keras's i, f, c, o. */
const onnxGates = [0, 3, 1, 2] as const;

export interface AddedLstm {
  /** The logit of each row of the sequence, [s]. */
  readonly logit: string;
  /** Whether a row holds no value at all, bool [s]. */
  readonly absent: string;
}

/**
 * The logit of an LSTM over `sequence` FP32 [s, steps, channels], raw values. Padding rule: a sequence that is too short
 * is padded **at its beginning** with NaN, which becomes zero **after** scaling. There is no mask: the network was trained on
 * the same zeros. Single missing values are filled in the same way. The caller does not need to know the scaler. A row that
 * holds only NaN is not a sequence and is marked in `absent`.
 *
 * The formula of a step, with Keras's `[i f c o]` columns: z = x W + h R + b; c' = s(f) c + s(i) tanh(g);
 * h' = s(o) tanh(c').
 */
export function addLstm(
  graph: GraphBuilder,
  prefix: string,
  sequence: string,
  weights: LstmWeights,
): AddedLstm {
  checkLstmWeights(prefix, weights);
  const { channels, layers, dense, scaler } = weights;
  const filled = addScaler(graph, prefix, sequence, scaler, channels);
  let steps = graph.node('Transpose', [filled], `${prefix}/steps`, {
    attributes: [intsAttribute('perm', [1, 0, 2])],
  });
  let inputs = channels;
  let last = '';
  for (const [index, { units, kernel, recurrentKernel, bias }] of layers.entries()) {
    const at = `${prefix}/layer${index}`;
    const final = index === layers.length - 1;
    const recurrentBias = new Float32Array(8 * units);
    recurrentBias.set(transposeGates(bias, 1, units));
    graph.node(
      'LSTM',
      [
        steps,
        graph.floats(`${at}/w`, [1, 4 * units, inputs], transposeGates(kernel, inputs, units)),
        graph.floats(`${at}/r`, [1, 4 * units, units], transposeGates(recurrentKernel, units, units)),
        graph.floats(`${at}/b`, [1, 8 * units], recurrentBias),
      ],
      final ? ['', `${at}/state`] : [`${at}/all`],
      { attributes: [intAttribute('hidden_size', units)] },
    );
    if (final) last = graph.node('Squeeze', [`${at}/state`, graph.integers('axis0', [0])], `${prefix}/state`);
    else steps = graph.node('Squeeze', [`${at}/all`, graph.integers('axis1', [1])], `${at}/steps`);
    inputs = units;
  }
  const column = graph.node(
    'Gemm',
    [
      last,
      graph.floats(`${prefix}/dense`, [inputs, 1], dense.kernel),
      graph.floats(`${prefix}/bias`, [1], dense.bias),
    ],
    `${prefix}/logit_column`,
  );
  const missing = graph.node('Cast', [`${prefix}/missing`], `${prefix}/missing01`, {
    attributes: [intAttribute('to', 1)],
  });
  const allMissing = graph.node('ReduceMin', [missing], `${prefix}/all_missing01`, {
    attributes: [intsAttribute('axes', [1, 2]), intAttribute('keepdims', 0)],
  });
  return {
    logit: graph.node('Reshape', [column, graph.integers('one_per_row', [-1])], `${prefix}/logit`),
    absent: graph.node('Cast', [allMissing], `${prefix}/absent`, { attributes: [intAttribute('to', 9)] }),
  };
}

/** Keras's [inputs, i f c o] columns as ONNX's [i o f c, inputs] rows. */
function transposeGates(kernel: Float32Array, inputs: number, units: number): Float32Array {
  const rows = new Float32Array(kernel.length);
  for (const [place, gate] of onnxGates.entries()) {
    for (let unit = 0; unit < units; unit += 1) {
      for (let input = 0; input < inputs; input += 1) {
        rows[(place * units + unit) * inputs + input] = kernel[
          input * 4 * units + gate * units + unit
        ] as number;
      }
    }
  }
  return rows;
}

function checkLstmWeights(name: string, { steps, channels, layers, dense }: LstmWeights): void {
  if (!isCount(steps) || !isCount(channels)) {
    refuse(`${name} has ${steps} steps of ${channels} channels; both must be positive integers`);
  }
  if (layers.length === 0) refuse(`${name} has no recurrent layer`);
  let inputs = channels;
  for (const [index, { units, kernel, recurrentKernel, bias }] of layers.entries()) {
    const what = `${name} layer ${index}`;
    if (!isCount(units)) refuse(`${what} has ${units} units; a positive integer is needed`);
    checkWeights(`${what} kernel`, kernel, [inputs, 4 * units]);
    checkWeights(`${what} recurrent kernel`, recurrentKernel, [units, 4 * units]);
    checkWeights(`${what} bias`, bias, [4 * units]);
    inputs = units;
  }
  checkWeights(`${name} dense kernel`, dense.kernel, [inputs, 1]);
  checkWeights(`${name} dense bias`, dense.bias, [1]);
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
}
