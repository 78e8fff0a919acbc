import { type Random } from '@headrace/kernel';
import onnxProto, { type onnx as Onnx } from 'onnx-proto';

const { onnx } = onnxProto;

/** The file with some bytes changed, perhaps cut off: mostly broken, and sometimes just different. */
export function mutateBytes(file: Uint8Array, random: Random): Uint8Array {
  const damaged = Uint8Array.from(file);
  for (let changes = 1 + random.integer(3); changes > 0; changes -= 1) {
    damaged[random.integer(damaged.length)] = random.integer(256);
  }
  return random.next() < 0.15 ? damaged.subarray(0, random.integer(damaged.length)) : damaged;
}

const operators =
  'Abs Add Cast Clip Concat Div Exp Flatten Gather Gemm GRU Identity IsNaN LSTM Log MatMul Max Min Mul Neg Pow ReduceMax ReduceMean ReduceSum Relu Reshape Shape Sigmoid Slice Softmax Sqrt Squeeze Sub Tanh Transpose Unsqueeze Where DynamicQuantizeLinear QuantizeLinear DequantizeLinear MatMulInteger Loop ConstantOfShape'.split(
    ' ',
  );
const numbers = [0, 1, -1, 2, 3, 7, 64, 255, 2 ** 31 - 1, -(2 ** 31), 2 ** 40] as const;

/**
 * The file with its meaning changed and its form kept: other operators, wires, attributes, dimensions, numbers. This comes
 * much deeper than changed bytes do.
 */
export function mutateGraph(file: Uint8Array, random: Random): Uint8Array {
  // A copy, because tensors are views of the file that they were read from.
  const model = onnx.ModelProto.decode(Uint8Array.from(file));
  const graph = model.graph as Onnx.GraphProto;
  for (let changes = 1 + random.integer(2); changes > 0; changes -= 1) mutateOnce(model, graph, random);
  return onnx.ModelProto.encode(model).finish();
}

function mutateOnce(model: Onnx.ModelProto, graph: Onnx.GraphProto, random: Random): void {
  const pick = <T>(values: readonly T[]): T => values[random.integer(values.length)] as T;
  const other = (): number => pick(numbers);
  const index = random.integer(graph.node.length);
  const node = onnx.NodeProto.create(graph.node[index]);
  graph.node[index] = node;
  const names = [...graph.node.flatMap(({ output }) => output ?? []), ...graph.input.map(({ name }) => name)];
  const wire = (): string => pick([...names, ...graph.initializer.map(({ name }) => name), '']) ?? '';
  const mutations: readonly (() => void)[] = [
    () => (node.opType = pick(operators)),
    () => (node.input[random.integer(Math.max(1, node.input.length))] = wire()),
    () => node.input.push(wire()),
    () => void node.input.pop(),
    () => (node.output[0] = wire()),
    () => void graph.node.splice(random.integer(graph.node.length), 1),
    () => graph.node.push(node),
    () => mutateAttribute(pick([...graph.node.flatMap(({ attribute }) => attribute ?? [])]), random, other),
    () => mutateAttribute(pick([...graph.node.flatMap(({ attribute }) => attribute ?? [])]), random, other),
    () => mutateAttribute(pick([...graph.node.flatMap(({ attribute }) => attribute ?? [])]), random, other),
    () => {
      const tensor = pick(graph.initializer);
      if (random.next() < 0.5) {
        tensor.dims = (tensor.dims ?? []).map((size) => (random.next() < 0.5 ? Number(size) : other()));
      } else if (tensor.rawData?.length) {
        tensor.rawData[random.integer(tensor.rawData.length)] = random.integer(256);
      } else if (tensor.int64Data?.length) tensor.int64Data[0] = other();
    },
    () => (pick(graph.initializer).dataType = random.integer(20)),
    () => {
      const dim = pick(graph.input).type?.tensorType?.shape?.dim;
      if (dim) pick(dim).dimValue = other();
    },
    () => (pick(model.opsetImport).version = 1 + random.integer(25)),
    () => (model.irVersion = random.integer(14)),
  ];
  pick(mutations)();
}

function mutateAttribute(
  attribute: Onnx.IAttributeProto | undefined,
  random: Random,
  other: () => number,
): void {
  if (attribute === undefined) return;
  const { ints, floats, strings, t } = attribute;
  const change = <T>(values: T[], value: T): void => {
    if (random.next() < 0.1) values.pop();
    else values[random.integer(values.length)] = value;
  };
  if (ints?.length) change(ints, random.next() < 0.5 ? other() : Number(ints[random.integer(ints.length)]));
  else if (floats?.length) {
    change(floats, random.next() < 0.2 ? Number.NaN : random.normal() * 10 ** random.integer(30));
  } else if (strings?.length) {
    change(strings, Buffer.from(random.next() < 0.5 ? 'BRANCH_LEQ' : 'BRANCH_MEMBER'));
  } else if (t?.rawData?.length) t.rawData[random.integer(t.rawData.length)] = random.integer(256);
  else if (typeof attribute.i === 'number' || attribute.i) attribute.i = other();
}
