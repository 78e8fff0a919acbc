import { type onnx as Onnx } from 'onnx-proto';
import { attributeOf, intOf } from './graph-names.js';
import { evaluateArithmetic } from './evaluate-arithmetic.js';
import {
  type Constant,
  elementType,
  integers,
  allocateValues,
  toNumbers,
  readTensor,
  sizeOf,
} from '../tensor-values.js';

/**
 * Evaluates an operator of the default domain on constants. `undefined` when the result is not certain **to the bit**.
 *
 * Evaluated are operators that move elements (Identity, Constant, Reshape, Flatten, Squeeze, Unsqueeze, Transpose, Slice,
 * Concat, Gather, Shape, Where) and those whose result IEEE 754 or integer arithmetic fixes (see evaluateArithmetic). Not
 * evaluated: everything that approximates or sums in an order of its own (Exp, Tanh, Softmax, MatMul, Reduce...), Min and
 * Max (which zero, which NaN), and widening casts and DequantizeLinear, which are how weights are kept small.
 */
export function evaluateOperator(
  node: Onnx.INodeProto,
  inputs: readonly (Constant | undefined)[],
  opset: number,
): Constant | undefined {
  const made = evaluateUnchecked(node, inputs, opset);
  // Invalid axes and shapes in a file are left for the runtime to reject.
  const sound =
    made !== undefined &&
    [...made.dims].every((size) => Number.isSafeInteger(size) && size >= 0) &&
    sizeOf(made.dims) === made.values.length;
  return sound ? made : undefined;
}

function evaluateUnchecked(
  node: Onnx.INodeProto,
  inputs: readonly (Constant | undefined)[],
  opset: number,
): Constant | undefined {
  const [first] = inputs;
  if (node.opType === 'Constant') return readConstant(node);
  if (first === undefined) return undefined;
  switch (node.opType) {
    case 'Identity':
      return first;
    case 'Shape':
      return opset < 15 ? integers([first.dims.length], first.dims) : undefined;
    case 'Reshape':
      return reshape(first, inputs[1], intOf(node, 'allowzero', 0));
    case 'Flatten': {
      const axis = intOf(node, 'axis', 1);
      const split = axis < 0 ? axis + first.dims.length : axis;
      if (split < 0 || split > first.dims.length) return undefined;
      return { ...first, dims: [sizeOf(first.dims.slice(0, split)), sizeOf(first.dims.slice(split))] };
    }
    case 'Squeeze':
      return squeeze(first, readAxes(node, inputs[1], opset < 13));
    case 'Unsqueeze':
      return unsqueeze(first, readAxes(node, inputs[1], opset < 13));
    case 'Transpose':
      return transpose(first, attributeOf(node, 'perm')?.ints?.map(Number));
    case 'Slice':
      return opset < 10
        ? undefined
        : slice(
            first,
            inputs.slice(1).map((input) => input && toNumbers(input.values)),
          );
    case 'Concat':
      return concat(inputs, intOf(node, 'axis', 0));
    case 'Gather':
      return gather(first, inputs[1], intOf(node, 'axis', 0));
    default:
      return evaluateArithmetic(node, inputs);
  }
}

function readConstant(node: Onnx.INodeProto): Constant | undefined {
  const [attribute] = node.attribute ?? [];
  switch (attribute?.name) {
    case 'value':
      return attribute.t ? readTensor(attribute.t) : undefined;
    case 'value_float':
      return { dataType: elementType.float32, dims: [], values: Float32Array.of(attribute.f ?? 0) };
    case 'value_floats': {
      const values = Float32Array.from(attribute.floats ?? []);
      return { dataType: elementType.float32, dims: [values.length], values };
    }
    case 'value_int':
      return integers([], [Number(attribute.i ?? 0)]);
    case 'value_ints': {
      const values = (attribute.ints ?? []).map(Number);
      return integers([values.length], values);
    }
    default:
      return undefined;
  }
}

/** Axes are an attribute in older operators and an input in newer ones; `undefined` when they are not given. */
function readAxes(
  node: Onnx.INodeProto,
  input: Constant | undefined,
  asAttribute: boolean,
): readonly number[] | undefined {
  return asAttribute ? attributeOf(node, 'axes')?.ints?.map(Number) : input && toNumbers(input.values);
}

function reshape(data: Constant, shape: Constant | undefined, allowZero: number): Constant | undefined {
  if (shape === undefined || allowZero !== 0) return undefined;
  const wanted = toNumbers(shape.values);
  const dims = wanted.map((size, axis) => (size === 0 ? (data.dims[axis] ?? 0) : size));
  const open = dims.indexOf(-1);
  const known = sizeOf(dims.filter((size) => size !== -1));
  if (open >= 0) dims[open] = known === 0 ? 0 : data.values.length / known;
  return sizeOf(dims) === data.values.length ? { ...data, dims } : undefined;
}

function squeeze(data: Constant, axes: readonly number[] | undefined): Constant | undefined {
  const rank = data.dims.length;
  const gone =
    axes?.map((axis) => (axis < 0 ? axis + rank : axis)) ??
    data.dims.flatMap((size, axis) => (size === 1 ? [axis] : []));
  if (gone.some((axis) => data.dims[axis] !== 1)) return undefined;
  return { ...data, dims: data.dims.filter((_, axis) => !gone.includes(axis)) };
}

function unsqueeze(data: Constant, axes: readonly number[] | undefined): Constant | undefined {
  if (axes === undefined) return undefined;
  const rank = data.dims.length + axes.length;
  const added = new Set(axes.map((axis) => (axis < 0 ? axis + rank : axis)));
  if (added.size !== axes.length || [...added].some((axis) => axis < 0 || axis >= rank)) return undefined;
  const rest = [...data.dims];
  const dims = Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : (rest.shift() ?? 1)));
  return { ...data, dims };
}

/** The tensor of shape `dims` whose element at flat place i is the element `from(coordinates)` of the data. */
function rearrange(
  data: Constant,
  dims: readonly number[],
  from: (at: readonly number[]) => number,
): Constant | undefined {
  const values = allocateValues(data.dataType, sizeOf(dims));
  if (values === undefined) return undefined;
  const at = new Array<number>(dims.length).fill(0);
  for (let place = 0; place < values.length; place += 1) {
    values[place] = data.values[from(at)] as never;
    for (let axis = dims.length - 1; axis >= 0; axis -= 1) {
      at[axis] = (at[axis] ?? 0) + 1;
      if ((at[axis] ?? 0) < (dims[axis] ?? 0)) break;
      at[axis] = 0;
    }
  }
  return { dataType: data.dataType, dims, values };
}

/** How many elements lie between neighbours along each axis. */
export function computeStrides(dims: readonly number[]): readonly number[] {
  return dims.map((_, axis) => sizeOf(dims.slice(axis + 1)));
}

function transpose(data: Constant, perm: readonly number[] | undefined): Constant | undefined {
  const order = perm ?? data.dims.map((_, axis) => data.dims.length - 1 - axis);
  if (order.length !== data.dims.length || [...order].sort((a, b) => a - b).some((axis, at) => axis !== at)) {
    return undefined;
  }
  const strides = computeStrides(data.dims);
  const dims = order.map((axis) => data.dims[axis] ?? 0);
  return rearrange(data, dims, (at) =>
    order.reduce((sum, axis, position) => sum + (at[position] ?? 0) * (strides[axis] ?? 0), 0),
  );
}

function slice(
  data: Constant,
  [starts, ends, axes, steps]: readonly (readonly number[] | undefined)[],
): Constant | undefined {
  if (starts === undefined || ends === undefined) return undefined;
  const first = data.dims.map(() => 0);
  const step = data.dims.map(() => 1);
  const dims = [...data.dims];
  for (const [index, start] of starts.entries()) {
    const given = axes?.[index] ?? index;
    const axis = given < 0 ? given + dims.length : given;
    const size = data.dims[axis];
    const by = steps?.[index] ?? 1;
    if (size === undefined || by === 0) return undefined;
    const low = by > 0 ? 0 : -1;
    const high = by > 0 ? size : size - 1;
    const within = (value: number): number => Math.min(Math.max(value < 0 ? value + size : value, low), high);
    const from = Math.max(by > 0 ? within(start) : Math.min(within(start), size - 1), 0);
    const end = ends[index] ?? 0;
    const to = by < 0 && end < -size ? -1 : within(end);
    if (by < 0 && start < -size) return undefined;
    first[axis] = from;
    step[axis] = by;
    dims[axis] = Math.max(0, Math.ceil((to - from) / by));
  }
  const strides = computeStrides(data.dims);
  return rearrange(data, dims, (at) =>
    at.reduce(
      (sum, place, axis) => sum + ((first[axis] ?? 0) + place * (step[axis] ?? 1)) * (strides[axis] ?? 0),
      0,
    ),
  );
}

function concat(inputs: readonly (Constant | undefined)[], given: number): Constant | undefined {
  const [first] = inputs;
  if (first === undefined || inputs.includes(undefined)) return undefined;
  const parts = inputs as readonly Constant[];
  const axis = given < 0 ? given + first.dims.length : given;
  const dims = [...first.dims];
  const fits = parts.every(
    (part) =>
      part.dims.length === dims.length && part.dims.every((size, at) => at === axis || size === dims[at]),
  );
  if (!fits || dims[axis] === undefined) return undefined;
  dims[axis] = parts.reduce((sum, part) => sum + (part.dims[axis] ?? 0), 0);
  const values = allocateValues(first.dataType, sizeOf(dims));
  if (values === undefined || parts.some(({ dataType }) => dataType !== first.dataType)) return undefined;
  const outer = sizeOf(dims.slice(0, axis));
  let place = 0;
  for (let block = 0; block < outer; block += 1) {
    for (const part of parts) {
      const length = sizeOf(part.dims.slice(axis));
      values.set(part.values.subarray(block * length, (block + 1) * length) as never, place);
      place += length;
    }
  }
  return { dataType: first.dataType, dims, values };
}

function gather(data: Constant, indices: Constant | undefined, given: number): Constant | undefined {
  if (indices === undefined) return undefined;
  const axis = given < 0 ? given + data.dims.length : given;
  const size = data.dims[axis];
  if (size === undefined) return undefined;
  const chosen = toNumbers(indices.values).map((value) => (value < 0 ? value + size : value));
  if (chosen.some((index) => !(index >= 0 && index < size))) return undefined;
  const inner = sizeOf(data.dims.slice(axis + 1));
  const outer = sizeOf(data.dims.slice(0, axis));
  const dims = [...data.dims.slice(0, axis), ...indices.dims, ...data.dims.slice(axis + 1)];
  const values = allocateValues(data.dataType, sizeOf(dims));
  if (values === undefined) return undefined;
  for (let block = 0; block < outer; block += 1) {
    for (const [position, index] of chosen.entries()) {
      const from = (block * size + index) * inner;
      values.set(
        data.values.subarray(from, from + inner) as never,
        (block * chosen.length + position) * inner,
      );
    }
  }
  return { dataType: data.dataType, dims, values };
}
