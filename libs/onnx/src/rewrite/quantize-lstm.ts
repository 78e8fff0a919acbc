import { type onnx as Onnx } from 'onnx-proto';
import { toInt8 } from './int8-weights.js';
import { transposeBytes, type Quantizer } from './quantizer.js';
import { elementType, floats } from '../tensor-values.js';
import { type WeightRead } from './weight-reads.js';

/**
 * The LSTM as com.microsoft/DynamicQuantizeLSTM (version 1): inputs 0-7 as those of LSTM, except that both matrices are
 * [directions, inputs, 4 * units] - transposed - and then scale and zero point of W and of R, each [directions] or
 * [directions, 4 * units]. Signed weights must have zero points of 0. Input and state are quantised at every step, over all
 * rows together; bias, cell and activations stay float32. The operator has no `layout`.
 */
export function quantizeLstm(
  node: Onnx.INodeProto,
  reads: readonly WeightRead[],
  quantizer: Quantizer,
): Onnx.INodeProto {
  const parts = reads.map(({ name, dims, values }) => {
    const [directions = 1, gates = 0, inputs = 0] = dims;
    const flat = quantizer.perChannel ? [directions * gates, inputs] : [directions, gates * inputs];
    const weights = toInt8(values, flat, 0, quantizer.steps);
    quantizer.report(weights);
    const bytes = new Int8Array(values.length);
    const size = gates * inputs;
    for (let direction = 0; direction < directions; direction += 1) {
      const from = weights.bytes.subarray(direction * size, (direction + 1) * size);
      bytes.set(transposeBytes(from, gates, inputs), direction * size);
    }
    const along = quantizer.perChannel ? [directions, gates] : [directions];
    return {
      bytes: quantizer.addConstant(`${name}_int8`, {
        dataType: elementType.int8,
        dims: [directions, inputs, gates],
        values: bytes,
      }),
      scale: quantizer.addConstant(`${name}_scale`, floats(along, weights.scales)),
      zero: quantizer.addConstant(`${name}_zero`, {
        dataType: elementType.int8,
        dims: along,
        values: new Int8Array(weights.scales.length),
      }),
    };
  });
  const [w, r] = parts;
  if (w === undefined || r === undefined) return node;
  const inputs = Array.from({ length: 8 }, (_, index) => node.input?.[index] ?? '');
  return {
    ...node,
    opType: 'DynamicQuantizeLSTM',
    domain: 'com.microsoft',
    input: [inputs[0] ?? '', w.bytes, r.bytes, ...inputs.slice(3), w.scale, w.zero, r.scale, r.zero],
    attribute: (node.attribute ?? []).filter(({ name }) => name !== 'layout'),
  };
}
