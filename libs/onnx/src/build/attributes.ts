import onnxProto, { type onnx as Onnx } from 'onnx-proto';

const { AttributeType } = onnxProto.onnx.AttributeProto;

export function intAttribute(name: string, value: number): Onnx.IAttributeProto {
  return { name, type: AttributeType.INT, i: value };
}

export function intsAttribute(name: string, values: readonly number[]): Onnx.IAttributeProto {
  return { name, type: AttributeType.INTS, ints: [...values] };
}

/** @internal for specs */
export function floatAttribute(name: string, value: number): Onnx.IAttributeProto {
  return { name, type: AttributeType.FLOAT, f: value };
}

export function floatsAttribute(name: string, values: readonly number[]): Onnx.IAttributeProto {
  return { name, type: AttributeType.FLOATS, floats: [...values] };
}

export function stringAttribute(name: string, value: string): Onnx.IAttributeProto {
  return { name, type: AttributeType.STRING, s: Buffer.from(value) };
}

export function stringsAttribute(name: string, values: readonly string[]): Onnx.IAttributeProto {
  return { name, type: AttributeType.STRINGS, strings: values.map((value) => Buffer.from(value)) };
}

export function tensorAttribute(name: string, value: Onnx.ITensorProto): Onnx.IAttributeProto {
  return { name, type: AttributeType.TENSOR, t: value };
}
