import { type onnx as Onnx } from 'onnx-proto';
import { intOf } from './graph-names.js';
import { type Constant, elementType, allocateValues, toNumbers, sizeOf } from '../tensor-values.js';

/**
 * Arithmetic whose result is fixed to the bit: `+ - * /` of float32 (a double rounded to float32 is the float32 operation,
 * because 53 >= 2 * 24 + 2), of integers modulo their width, sign changes, comparisons, and casts that
 * are exact or have only one way to round. `undefined` for everything else: a result that holds NaN (its bits depend on the
 * processor), a division by an integer zero, a cast out of range or to a narrower type.
 */
export function evaluateArithmetic(
  node: Onnx.INodeProto,
  inputs: readonly (Constant | undefined)[],
): Constant | undefined {
  const [a, b, c] = inputs;
  if (a === undefined) return undefined;
  switch (node.opType) {
    case 'Add':
    case 'Sub':
    case 'Mul':
    case 'Div':
      return b === undefined ? undefined : binary(node.opType, a, b);
    case 'Neg':
      return unary(a, (value) => -value);
    case 'Abs':
      return unary(a, Math.abs);
    case 'IsNaN':
      return a.values instanceof Float32Array
        ? {
            dataType: elementType.bool,
            dims: a.dims,
            values: Uint8Array.from(a.values, (value) => +Number.isNaN(value)),
          }
        : undefined;
    case 'Where':
      return b === undefined || c === undefined ? undefined : where(a, b, c);
    case 'Cast':
      return cast(a, intOf(node, 'to', 0));
    default:
      return undefined;
  }
}

type Operation = 'Add' | 'Sub' | 'Mul' | 'Div';

const onFloats: Readonly<Record<Operation, (x: number, y: number) => number>> = {
  Add: (x, y) => Math.fround(x + y),
  Sub: (x, y) => Math.fround(x - y),
  Mul: (x, y) => Math.fround(x * y),
  Div: (x, y) => Math.fround(x / y),
};

const onIntegers: Readonly<Record<Operation, (x: bigint, y: bigint) => bigint>> = {
  Add: (x, y) => x + y,
  Sub: (x, y) => x - y,
  Mul: (x, y) => x * y,
  Div: (x, y) => x / y,
};

function binary(operation: Operation, a: Constant, b: Constant): Constant | undefined {
  if (a.dataType !== b.dataType) return undefined;
  const dims = broadcast(a.dims, b.dims);
  if (dims === undefined) return undefined;
  const values = allocateValues(a.dataType, sizeOf(dims));
  const fromA = places(a.dims, dims);
  const fromB = places(b.dims, dims);
  if (values instanceof Float32Array) {
    const [x, y] = [a.values as Float32Array, b.values as Float32Array];
    for (let at = 0; at < values.length; at += 1) {
      values[at] = onFloats[operation](x[fromA(at)] as number, y[fromB(at)] as number);
    }
    return values.some(Number.isNaN) ? undefined : { dataType: a.dataType, dims, values };
  }
  if (!(values instanceof BigInt64Array)) return undefined;
  const [x, y] = [a.values as BigInt64Array, b.values as BigInt64Array];
  if (operation === 'Div' && y.includes(0n)) return undefined;
  for (let at = 0; at < values.length; at += 1) {
    values[at] = BigInt.asIntN(64, onIntegers[operation](x[fromA(at)] as bigint, y[fromB(at)] as bigint));
  }
  return { dataType: a.dataType, dims, values };
}

function unary(
  { dataType, dims, values }: Constant,
  change: (value: number) => number,
): Constant | undefined {
  if (!(values instanceof Float32Array) || values.some(Number.isNaN)) return undefined;
  return { dataType, dims, values: Float32Array.from(values, change) };
}

function where(condition: Constant, yes: Constant, no: Constant): Constant | undefined {
  const inner = broadcast(yes.dims, no.dims);
  const dims = inner === undefined ? undefined : broadcast(condition.dims, inner);
  if (dims === undefined || yes.dataType !== no.dataType) return undefined;
  const values = allocateValues(yes.dataType, sizeOf(dims));
  if (values === undefined) return undefined;
  const [of, from, otherwise] = [places(condition.dims, dims), places(yes.dims, dims), places(no.dims, dims)];
  for (let at = 0; at < values.length; at += 1) {
    const value = condition.values[of(at)] ? yes.values[from(at)] : no.values[otherwise(at)];
    // onnxruntime selects by adding the selected value to zero: -0 becomes 0.
    if (Number.isNaN(value) || Object.is(value, -0)) return undefined;
    values[at] = value as never;
  }
  return { dataType: yes.dataType, dims, values };
}

function cast(constant: Constant, to: number): Constant | undefined {
  const { dataType, dims, values } = constant;
  if (to === dataType) return constant;
  const integers = values instanceof BigInt64Array || values instanceof Int32Array;
  if (to === elementType.float32 && values instanceof BigInt64Array) {
    return values.every((value) => value === BigInt(Number(value)))
      ? { dataType: to, dims, values: Float32Array.from(values, Number) }
      : undefined;
  }
  if (to === elementType.float32 && values instanceof Int32Array) {
    return { dataType: to, dims, values: Float32Array.from(values) };
  }
  if (to === elementType.int64 && values instanceof Int32Array) {
    return { dataType: to, dims, values: BigInt64Array.from(values, BigInt) };
  }
  if (to === elementType.bool && integers) {
    return { dataType: to, dims, values: Uint8Array.from(toNumbers(values), (value) => +(value !== 0)) };
  }
  return undefined;
}

/** The broadcast shape of both; `undefined` when they cannot be broadcast. */
function broadcast(a: readonly number[], b: readonly number[]): readonly number[] | undefined {
  const rank = Math.max(a.length, b.length);
  const dims: number[] = [];
  for (let axis = 0; axis < rank; axis += 1) {
    const x = a[axis - rank + a.length] ?? 1;
    const y = b[axis - rank + b.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1) return undefined;
    dims.push(x === 1 ? y : x);
  }
  return dims;
}

/** Where the element for flat place `at` of the broadcast shape lies in a tensor of shape `own`. */
function places(own: readonly number[], dims: readonly number[]): (at: number) => number {
  if (own.length === dims.length && own.every((size, axis) => size === dims[axis])) return (at) => at;
  return (at) => {
    let rest = at;
    let place = 0;
    let stride = 1;
    for (let axis = dims.length - 1; axis >= 0; axis -= 1) {
      const size = dims[axis] ?? 1;
      const mine = own[axis - dims.length + own.length] ?? 1;
      if (mine !== 1) place += (rest % size) * stride;
      stride *= mine;
      rest = Math.floor(rest / size);
    }
    return place;
  };
}
