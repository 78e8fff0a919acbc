import onnxProto, { type onnx as Onnx } from 'onnx-proto';

const { DataType } = onnxProto.onnx.TensorProto;

/** Float32 values, row-major, little-endian, as in ONNX and on every processor that Node supports. */
export function floatTensor(
  name: string,
  dims: readonly number[],
  values: Float32Array | readonly number[],
): Onnx.ITensorProto {
  const copy = Float32Array.from(values);
  return { name, dims: [...dims], dataType: DataType.FLOAT, rawData: new Uint8Array(copy.buffer) };
}

/** Small integers: shapes and axes. */
export function int64Tensor(
  name: string,
  dims: readonly number[],
  values: readonly number[],
): Onnx.ITensorProto {
  return { name, dims: [...dims], dataType: DataType.INT64, int64Data: [...values] };
}

export function bytesTensor(
  name: string,
  dims: readonly number[],
  values: readonly number[],
): Onnx.ITensorProto {
  return { name, dims: [...dims], dataType: DataType.UINT8, rawData: Uint8Array.from(values) };
}
