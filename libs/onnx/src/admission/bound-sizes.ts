import { type onnx as Onnx } from 'onnx-proto';
import { refuse } from '../trees/tree-ensemble.js';

/** Upper bound of the size of a value: of each axis, or only of the number of elements where the axes are unknown. */
interface Bound {
  readonly dims?: readonly number[];
  readonly elements: number;
}

export interface SizeLimits {
  /** Elements of one value. */
  readonly maxTensorElements: number;
}

/** Rows of one run: services split larger batches. */
const rows = 64;
/** Limit for all values of one run together, as a multiple of the limit for one value. */
const inAll = 4;

/**
 * Refuses a graph whose values could become large although every tensor in the file is small: broadcasting three vectors
 * of 4,096 makes 64 billion numbers, and a process that the system ends for its memory cannot answer with an error. Walks
 * the nodes in their order with an upper bound of every shape at 64 rows. Where a shape depends on values, the number of
 * elements is bounded. Everything that is not known exactly is bounded from above, so an unusual graph may be refused but a
 * large one never passes. Expects nodes in topological order.
 */
export function boundSizes(
  graph: Onnx.IGraphProto,
  inputs: readonly { readonly name: string; readonly shape: readonly number[] }[],
  { maxTensorElements }: SizeLimits,
): void {
  const bounds = new Map<string, Bound>();
  const integers = new Map<string, readonly number[]>();
  for (const { name, shape } of inputs) {
    bounds.set(name, toBound(shape.map((size) => (size < 0 ? rows : size))));
  }
  for (const tensor of graph.initializer ?? []) {
    bounds.set(tensor.name ?? '', toBound(Array.from(tensor.dims ?? [], Number)));
    integers.set(tensor.name ?? '', readIntegers(tensor));
  }
  let total = 0;
  for (const node of graph.node ?? []) {
    const outputs = boundOutputs({
      node,
      inputs: (node.input ?? []).map((name) => bounds.get(name) ?? toBound([])),
      constant: (place) => integers.get(node.input?.[place] ?? ''),
    });
    for (const [place, name] of (node.output ?? []).entries()) {
      const bound = outputs[place] ?? outputs[0] ?? toBound([]);
      total += bound.elements;
      if (bound.elements > maxTensorElements) {
        refuse(
          `${JSON.stringify(name)} may hold ${bound.elements} numbers for ${rows} rows; ${maxTensorElements} are allowed`,
        );
      }
      bounds.set(name, bound);
    }
    if (total > inAll * maxTensorElements) {
      refuse(
        `its values may hold ${total} numbers for ${rows} rows; ${inAll * maxTensorElements} are allowed`,
      );
    }
  }
}

interface Step {
  readonly node: Onnx.INodeProto;
  readonly inputs: readonly Bound[];
  /** The integers of an input that is a constant of the file. */
  readonly constant: (place: number) => readonly number[] | undefined;
}

function toBound(dims: readonly number[]): Bound {
  return { dims, elements: dims.reduce((product, size) => product * Math.max(1, size), 1) };
}

function readIntegers({ int64Data, rawData, dataType }: Onnx.ITensorProto): readonly number[] {
  if (dataType !== 7) return [];
  if (int64Data && int64Data.length > 0) return int64Data.map(Number);
  const raw = Uint8Array.from(rawData ?? []);
  return Array.from(new BigInt64Array(raw.buffer, 0, Math.floor(raw.length / 8)), Number);
}

function attributeOf({ node }: Step, name: string): Onnx.IAttributeProto | undefined {
  return node.attribute?.find((attribute) => attribute.name === name);
}

function intOf(step: Step, name: string, otherwise: number): number {
  return Number(attributeOf(step, name)?.i ?? otherwise);
}

/** From an attribute, or since opset 13 from an input. */
function readAxes(step: Step): readonly number[] | undefined {
  return attributeOf(step, 'axes')?.ints?.map(Number) ?? step.constant(1);
}

function boundOutputs(step: Step): readonly Bound[] {
  const { node, inputs } = step;
  const [first = toBound([]), second = toBound([])] = inputs;
  switch (node.opType) {
    case 'Add':
    case 'Div':
    case 'Max':
    case 'Min':
    case 'Mul':
    case 'Pow':
    case 'Sub':
    case 'Where':
      return [inputs.reduce(broadcast)];
    case 'Concat':
      return [concat(inputs, intOf(step, 'axis', 0))];
    case 'Constant':
      return [toBound((attributeOf(step, 'value')?.t?.dims ?? []).map(Number))];
    case 'Flatten':
      return [{ elements: first.elements }];
    case 'Gather':
      return [gather(first, second, intOf(step, 'axis', 0))];
    case 'Gemm':
      return [gemm(step, first, second)];
    case 'MatMul':
    case 'MatMulInteger':
      return [matMul(first, second)];
    case 'LSTM':
    case 'DynamicQuantizeLSTM':
      return recurrent(step, first);
    case 'ReduceMax':
    case 'ReduceMean':
    case 'ReduceMin':
    case 'ReduceSum':
      return [reduce(step, first)];
    case 'Reshape':
      return [reshape(first, step.constant(1))];
    case 'Shape':
      return [toBound([first.dims?.length ?? 64])];
    case 'Squeeze':
      return [squeeze(first, readAxes(step))];
    case 'Transpose':
      return [transpose(first, attributeOf(step, 'perm')?.ints?.map(Number))];
    case 'TreeEnsemble':
    case 'TreeEnsembleRegressor':
      return [toBound([first.dims?.[0] ?? rows, 1])];
    case 'Unsqueeze':
      return [unsqueeze(first, readAxes(step))];
    case 'DynamicQuantizeLinear':
      return [first, toBound([]), toBound([])];
    default:
      // One element for each of the first input: activations, casts, slices.
      return [first];
  }
}

function broadcast(a: Bound, b: Bound): Bound {
  if (a.elements === 1 && a.dims !== undefined && a.dims.length <= (b.dims?.length ?? 0)) return b;
  if (b.elements === 1 && b.dims !== undefined && b.dims.length <= (a.dims?.length ?? 0)) return a;
  if (a.dims === undefined || b.dims === undefined) return { elements: a.elements * b.elements };
  const rank = Math.max(a.dims.length, b.dims.length);
  const at = (dims: readonly number[], axis: number): number => dims[dims.length - rank + axis] ?? 1;
  const [left, right] = [a.dims, b.dims];
  return toBound(Array.from({ length: rank }, (_, axis) => Math.max(at(left, axis), at(right, axis))));
}

function concat(inputs: readonly Bound[], axis: number): Bound {
  const elements = inputs.reduce((sum, bound) => sum + bound.elements, 0);
  const all = inputs.flatMap(({ dims }) => (dims === undefined ? [] : [dims]));
  const [first] = all;
  if (first === undefined || all.length !== inputs.length) return { elements };
  const along = axis < 0 ? axis + first.length : axis;
  return toBound(
    first.map((_, place) => {
      const sizes = all.map((dims) => dims[place] ?? 1);
      return place === along ? sizes.reduce((sum, size) => sum + size, 0) : Math.max(...sizes);
    }),
  );
}

function gather(data: Bound, indices: Bound, axis: number): Bound {
  const elements = data.elements * indices.elements;
  if (data.dims === undefined || indices.dims === undefined) return { elements };
  const along = axis < 0 ? axis + data.dims.length : axis;
  if (!(along in data.dims)) return { elements };
  return toBound([...data.dims.slice(0, along), ...indices.dims, ...data.dims.slice(along + 1)]);
}

function gemm(step: Step, a: Bound, b: Bound): Bound {
  const m = a.dims?.[intOf(step, 'transA', 0) === 0 ? 0 : 1];
  const n = b.dims?.[intOf(step, 'transB', 0) === 0 ? 1 : 0];
  return m === undefined || n === undefined ? { elements: a.elements * b.elements } : toBound([m, n]);
}

function matMul(a: Bound, b: Bound): Bound {
  const [left, right] = [a.dims, b.dims];
  if (!left?.length || !right?.length) return { elements: a.elements * b.elements };
  const matrix = [
    ...(left.length > 1 ? [left.at(-2) ?? 1] : []),
    ...(right.length > 1 ? [right.at(-1) ?? 1] : []),
  ];
  const stack = broadcast(toBound(left.slice(0, -2)), toBound(right.slice(0, -2)));
  return toBound([...(stack.dims ?? []), ...matrix]);
}

/** All states, the last state, the last cell. The runtime computes all gates of all steps at once: four times the states. */
function recurrent(step: Step, sequence: Bound): readonly Bound[] {
  const hidden = intOf(step, 'hidden_size', 1);
  const [steps, batch] = sequence.dims ?? [];
  const directions = 2;
  if (!(hidden > 0)) refuse(`its ${step.node.opType ?? ''} has a hidden size of ${hidden}`);
  const all = (steps ?? sequence.elements) * (batch ?? sequence.elements) * hidden;
  const state = toBound([directions, batch ?? sequence.elements, hidden]);
  const states = toBound([steps ?? sequence.elements, directions, batch ?? sequence.elements, hidden]);
  return [{ ...states, elements: Math.max(states.elements, 4 * all) }, state, state];
}

function reduce(step: Step, { dims, elements }: Bound): Bound {
  const axes = readAxes(step);
  const keeps = intOf(step, 'keepdims', 1) !== 0;
  if (dims === undefined) return { elements };
  if (axes === undefined || axes.length === 0) {
    return axes === undefined && !keeps ? toBound([]) : { elements };
  }
  const reduced = new Set(axes.map((axis) => (axis < 0 ? axis + dims.length : axis)));
  return toBound(dims.flatMap((size, axis) => (!reduced.has(axis) ? [size] : keeps ? [1] : [])));
}

function reshape({ dims, elements }: Bound, shape: readonly number[] | undefined): Bound {
  if (shape === undefined) return { elements };
  const known = shape.map((size, axis) => (size === 0 ? (dims?.[axis] ?? elements) : size));
  const product = known.reduce((all, size) => (size < 0 ? all : all * size), 1);
  return toBound(known.map((size) => (size < 0 ? Math.max(1, Math.ceil(elements / product)) : size)));
}

function squeeze({ dims, elements }: Bound, axes: readonly number[] | undefined): Bound {
  if (dims === undefined || axes === undefined) return { elements };
  const gone = new Set(axes.map((axis) => (axis < 0 ? axis + dims.length : axis)));
  return toBound(dims.filter((_, axis) => !gone.has(axis)));
}

function unsqueeze({ dims, elements }: Bound, axes: readonly number[] | undefined): Bound {
  if (dims === undefined || axes === undefined) return { elements };
  const rank = dims.length + axes.length;
  const added = new Set(axes.map((axis) => (axis < 0 ? axis + rank : axis)));
  const rest = [...dims];
  return toBound(Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : (rest.shift() ?? 1))));
}

function transpose({ dims, elements }: Bound, order: readonly number[] | undefined): Bound {
  if (dims === undefined) return { elements };
  return toBound(order === undefined ? [...dims].reverse() : order.map((axis) => dims[axis] ?? elements));
}
