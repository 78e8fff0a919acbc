import { type onnx as Onnx } from 'onnx-proto';
import { intAttribute } from '../build/attributes.js';
import { FreshNames, intOf, opsetOf } from './graph-names.js';
import { checkFiniteWeights, toInt8 } from './int8-weights.js';
import { transposeBytes, type Quantizer } from './quantizer.js';
import { quantizeLstm } from './quantize-lstm.js';
import { removeUnused } from './remove-dead-code.js';
import { type Rewrite, type RewriteResult, unchangedResult } from './rewrite.js';
import { elementType, floats, writeTensor } from '../tensor-values.js';
import { findOtherReads, findWeightReads, type WeightRead } from './weight-reads.js';

export interface QuantizeInt8Options {
  /** A scale for every unit instead of one for the matrix. Default true: more accurate, and four bytes per unit larger. */
  readonly perChannel?: boolean;
  /**
   * Weights in [-64, 64] instead of [-127, 127]. Default true: x86 processors without VNNI add pairs of products of an
   * unsigned and a signed byte in 16 bits, which 255 * 127 * 2 overflows: the results are then silently wrong.
   */
  readonly reduceRange?: boolean;
  /** Matrices with fewer weights stay float32: scales and operators would cost more than they save. Default 256. */
  readonly minWeights?: number;
}

const name = 'quantize-int8';

/**
 * Dynamic int8 quantisation: weights become signed bytes (see toInt8), and activations become unsigned bytes in every run.
 *
 * - MatMul and Gemm become DynamicQuantizeLinear -> MatMulInteger -> Cast -> Mul by both scales (-> Add of the bias), which
 *   onnxruntime fuses again; LSTM becomes com.microsoft/DynamicQuantizeLSTM.
 * - **Measured.** No bound on the answer is proved: the error of the activations depends on the rows.
 * - **The answer for a row depends on the rows beside it**: the runtime uses one scale for all rows of a batch. Where that
 *   is not acceptable, `storeInt8` has the same size and multiplies in float32.
 *
 * Left alone and reported: a matrix that something else reads too; Gemm with a transposed input or alpha other than 1 or
 * beta other than 1; LSTM with layout 1; operators older than opset 11. Weights that are not constants, vectors and small
 * matrices are ignored. NaN and infinite weights are refused.
 */
export function quantizeInt8(options: QuantizeInt8Options = {}): Rewrite {
  const { perChannel = true, reduceRange = true, minWeights = 256 } = options;
  return {
    name,
    guarantee: 'measured',
    apply(model) {
      const graph = model.graph ?? {};
      const reads = findWeightReads(graph, minWeights);
      if (reads.length === 0) return unchangedResult(model);
      if (opsetOf(model) < 11) {
        return unchangedResult(model, [`it has operators of opset ${opsetOf(model)}; 11 is needed`]);
      }
      return quantize(model, graph, reads, perChannel, reduceRange ? 64 : 127);
    },
  };
}

function quantize(
  model: Onnx.IModelProto,
  graph: Onnx.IGraphProto,
  reads: readonly WeightRead[],
  perChannel: boolean,
  steps: 127 | 64,
): RewriteResult {
  const left: string[] = [];
  const constants: Onnx.ITensorProto[] = [];
  const written = new Map<string, string>();
  let quantizedWeights = 0;
  let largestWeightChange = 0;
  const fresh = new FreshNames(graph);
  const quantizer: Quantizer = {
    fresh,
    perChannel,
    steps,
    addConstant(wanted, constant) {
      const before = written.get(wanted);
      if (before !== undefined) return before;
      const given = fresh.take(wanted);
      written.set(wanted, given);
      constants.push(writeTensor(given, constant));
      return given;
    },
    report({ bytes, maxChange }) {
      quantizedWeights += bytes.length;
      largestWeightChange = Math.max(largestWeightChange, maxChange);
    },
  };
  const elsewhere = findOtherReads(graph, reads);
  const activations = new Map<string, readonly [string, string, string]>();
  let lstms = 0;
  const node = (graph.node ?? []).flatMap((one) => {
    const own = reads.filter((read) => read.node === one);
    if (own.length === 0) return [one];
    const why = own.some((read) => elsewhere.has(read.name))
      ? 'its weights are read elsewhere too'
      : explainSkip(one, own);
    if (why !== undefined) {
      left.push(`${one.opType ?? ''} ${one.name ?? one.output?.[0] ?? ''}: ${why}`);
      return [one];
    }
    for (const read of own) checkFiniteWeights(name, read.name, read.values);
    if (one.opType === 'LSTM') {
      lstms += 1;
      return [quantizeLstm(one, own, quantizer)];
    }
    const [read] = own;
    return read === undefined ? [one] : quantizeProduct(one, read, quantizer, activations);
  });
  if (quantizedWeights === 0) return unchangedResult(model, left);
  const next = removeUnused({ ...graph, node, initializer: [...(graph.initializer ?? []), ...constants] });
  const imports = model.opsetImport ?? [];
  const known = imports.some(({ domain }) => domain === 'com.microsoft');
  const opsetImport = lstms > 0 && !known ? [...imports, { domain: 'com.microsoft', version: 1 }] : imports;
  return {
    model: { ...model, opsetImport, graph: next },
    changes: { quantizedWeights, largestWeightChange },
    left,
  };
}

function explainSkip(node: Onnx.INodeProto, reads: readonly WeightRead[]): string | undefined {
  if (node.opType === 'LSTM') {
    if (intOf(node, 'layout', 0) !== 0) return 'its layout is not that of the quantised operator';
    return reads.length === 2 ? undefined : 'one of its two matrices is not a constant or is small';
  }
  if (node.opType !== 'Gemm') return undefined;
  const number = (attribute: string): number => node.attribute?.find((one) => one.name === attribute)?.f ?? 1;
  if (intOf(node, 'transA', 0) !== 0) return 'its input is transposed';
  if (number('alpha') !== 1) return 'its alpha is not 1';
  if (number('beta') !== 1 && (node.input?.[2] ?? '') !== '') return 'its beta is not 1';
  return undefined;
}

/** x W (+ b) = (bytes of x - zero point) bytes of W * (scale of x * scales of W) (+ b). */
function quantizeProduct(
  node: Onnx.INodeProto,
  read: WeightRead,
  quantizer: Quantizer,
  activations: Map<string, readonly [string, string, string]>,
): readonly Onnx.INodeProto[] {
  const { fresh, perChannel, steps } = quantizer;
  const output = node.output?.[0] ?? '';
  const x = node.input?.[0] ?? '';
  const bias = node.opType === 'Gemm' ? (node.input?.[2] ?? '') : '';
  const transposed = read.axis === 0;
  const weights = toInt8(read.values, read.dims, perChannel ? read.axis : undefined, steps);
  quantizer.report(weights);
  const [rows = 0, columns = 0] = transposed ? [...read.dims].reverse() : read.dims;
  const bytes = transposed ? transposeBytes(weights.bytes, columns, rows) : weights.bytes;
  const form = transposed ? `${read.name}_transposed` : read.name;
  const w = quantizer.addConstant(`${form}_int8`, {
    dataType: elementType.int8,
    dims: [rows, columns],
    values: bytes,
  });
  const scales = quantizer.addConstant(`${form}_scale`, floats(perChannel ? [columns] : [], weights.scales));
  const nodes: Onnx.INodeProto[] = [];
  const add = (
    opType: string,
    input: string[],
    made: string,
    rest: Partial<Onnx.INodeProto> = {},
  ): string => {
    nodes.push({ name: made, opType, input, output: [made], ...rest });
    return made;
  };
  let activation = activations.get(x);
  if (activation === undefined) {
    activation = [fresh.take(`${x}_uint8`), fresh.take(`${x}_scale`), fresh.take(`${x}_zero`)];
    activations.set(x, activation);
    nodes.push({ name: activation[0], opType: 'DynamicQuantizeLinear', input: [x], output: [...activation] });
  }
  const [bytesOfX, scaleOfX, zeroOfX] = activation;
  const sum = add('MatMulInteger', [bytesOfX, w, zeroOfX], fresh.take(`${output}_int32`));
  const cast = add('Cast', [sum], fresh.take(`${output}_unscaled`), {
    attribute: [intAttribute('to', elementType.float32)],
  });
  const scale = add('Mul', [scaleOfX, scales], fresh.take(`${output}_scale`));
  if (bias === '') add('Mul', [cast, scale], output);
  else add('Add', [add('Mul', [cast, scale], fresh.take(`${output}_unbiased`)), bias], output);
  return nodes;
}
