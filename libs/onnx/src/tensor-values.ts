import onnxProto, { type onnx as Onnx } from 'onnx-proto';

const { DataType } = onnxProto.onnx.TensorProto;

/** The element types that rewrites read and write, by their ONNX numbers. */
export const elementType: Readonly<
  Record<'float32' | 'float16' | 'uint8' | 'int8' | 'bool' | 'int32' | 'int64', number>
> = {
  float32: DataType.FLOAT,
  float16: DataType.FLOAT16,
  uint8: DataType.UINT8,
  int8: DataType.INT8,
  bool: DataType.BOOL,
  int32: DataType.INT32,
  int64: DataType.INT64,
};

/** Elements in their own type; float16 as its bits, booleans as 0 and 1. */
export type Values = Float32Array | Uint16Array | Uint8Array | Int8Array | Int32Array | BigInt64Array;

/** A tensor that is known while the model is rewritten; row-major. */
export interface Constant {
  readonly dataType: number;
  readonly dims: readonly number[];
  readonly values: Values;
}

type ValuesOf = new (from: number | ArrayBuffer) => Values;

const arrays: ReadonlyMap<number, ValuesOf> = new Map<number, ValuesOf>([
  [elementType.float32, Float32Array],
  [elementType.float16, Uint16Array],
  [elementType.uint8, Uint8Array],
  [elementType.int8, Int8Array],
  [elementType.bool, Uint8Array],
  [elementType.int32, Int32Array],
  [elementType.int64, BigInt64Array],
]);

/** Zeros of an element type; `undefined` for a type that no rewrite reads. */
export function allocateValues(dataType: number, length: number): Values | undefined {
  const Type = arrays.get(dataType);
  return Type === undefined ? undefined : new Type(length);
}

/** The elements as JavaScript numbers. */
export function toNumbers(values: Values): number[] {
  return values instanceof BigInt64Array ? Array.from(values, Number) : Array.from(values);
}

export function sizeOf(dims: readonly number[]): number {
  return dims.reduce((product, size) => product * size, 1);
}

/** The tensor's elements, from either of the two ways a file keeps them; `undefined` for an element type not read here. */
export function readTensor(tensor: Onnx.ITensorProto): Constant | undefined {
  const dataType = tensor.dataType ?? 0;
  const dims = (tensor.dims ?? []).map(Number);
  const Type = arrays.get(dataType);
  if (Type === undefined) return undefined;
  const raw = tensor.rawData;
  // A copy: the bytes of a decoded file begin at any offset, and typed arrays must be aligned.
  if (raw && raw.length > 0) return { dataType, dims, values: new Type(Uint8Array.from(raw).buffer) };
  const values = new Type(sizeOf(dims));
  if (values instanceof BigInt64Array) {
    for (const [index, value] of (tensor.int64Data ?? []).entries()) values[index] = BigInt(String(value));
  } else {
    const typed = values instanceof Float32Array ? tensor.floatData : tensor.int32Data;
    for (const [index, value] of (typed ?? []).entries()) values[index] = value;
  }
  return { dataType, dims, values };
}

/** The tensor as it is stored in a file: little-endian bytes, the order of every processor that Node supports. */
export function writeTensor(name: string, { dataType, dims, values }: Constant): Onnx.ITensorProto {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return { name, dims: [...dims], dataType, rawData: Uint8Array.from(bytes) };
}

export function floats(dims: readonly number[], values: Float32Array): Constant {
  return { dataType: elementType.float32, dims, values };
}

export function integers(dims: readonly number[], values: readonly number[]): Constant {
  return { dataType: elementType.int64, dims, values: BigInt64Array.from(values, BigInt) };
}
