import { type onnx as Onnx } from 'onnx-proto';
import { refuse } from '../trees/tree-ensemble.js';

/** Element type and shape of a value known before the model runs. */
export interface KnownShape {
  readonly dataType: number | undefined;
  readonly dims: readonly number[];
}

/**
 * The shapes of the constants, and of the results of Cast and Mul on them (weights stored in a smaller type).
 */
export function collectShapes(graph: Onnx.IGraphProto): ReadonlyMap<string, KnownShape> {
  const shapes = new Map<string, KnownShape>();
  for (const { name, dataType, dims } of graph.initializer ?? []) {
    shapes.set(name ?? '', { dataType: dataType ?? undefined, dims: (dims ?? []).map(Number) });
  }
  for (const { opType, input, output, domain } of graph.node ?? []) {
    if ((domain ?? '') !== '' || (opType !== 'Cast' && opType !== 'Mul')) continue;
    const [first, second] = (input ?? []).map((name) => shapes.get(name)?.dims);
    if (first === undefined || (opType === 'Mul' && second === undefined)) continue;
    const other = second ?? first;
    if (other.length > first.length) continue;
    // The result has the shape of the first one only if the other broadcasts to it.
    const spreads = other.every(
      (size, axis) => size === 1 || size === first[axis + first.length - other.length],
    );
    if (spreads) shapes.set(output?.[0] ?? '', { dataType: undefined, dims: first });
  }
  return shapes;
}

/**
 * The matrices of an LSTM must have the shapes given by its `hidden_size`. onnxruntime did not check them until the middle of
 * 2026 and read past the end of smaller ones (microsoft/onnxruntime#29462, #29595): in an LSTM the weights, in a
 * DynamicQuantizeLSTM also the scales and zero points.
 */
export function checkLstm(
  operator: string,
  node: Onnx.INodeProto,
  shapes: ReadonlyMap<string, KnownShape>,
): void {
  const quantised = operator === 'com.microsoft/DynamicQuantizeLSTM';
  if (operator !== '/LSTM' && !quantised) return;
  const attribute = (name: string): Onnx.IAttributeProto | undefined =>
    node.attribute?.find((one) => one.name === name);
  const units = Number(attribute('hidden_size')?.i ?? 0);
  const direction = Buffer.from(attribute('direction')?.s ?? 'forward').toString('utf8');
  const directions = direction === 'bidirectional' ? 2 : 1;
  const shapeOf = (input: number): KnownShape =>
    shapes.get(node.input?.[input] ?? '') ?? refuse(`input ${input} of an ${operator} is not a constant`);
  const dimsOf = (input: number): string => String(shapeOf(input).dims);
  const gates = 4 * units;
  const [of, rows, columns] = shapeOf(1).dims;
  const inputs = quantised ? rows : columns;
  const w = [directions, ...(quantised ? [inputs, gates] : [gates, inputs])];
  const r = [directions, ...(quantised ? [units, gates] : [gates, units])];
  if (units < 1 || of === undefined || dimsOf(1) !== String(w) || dimsOf(2) !== String(r)) {
    refuse(`the matrices of an ${operator} of ${units} units are [${dimsOf(1)}] and [${dimsOf(2)}]`);
  }
  for (const [input, wanted] of [
    [3, [directions, 2 * gates]],
    [7, [directions, 3 * units]],
  ] as const) {
    if ((node.input?.[input] ?? '') !== '' && dimsOf(input) !== String(wanted)) {
      refuse(`input ${input} of an ${operator} of ${units} units is [${dimsOf(input)}]`);
    }
  }
  if (!quantised) return;
  for (const [scale, weights] of [
    [8, 1],
    [10, 2],
  ] as const) {
    const allowed = [String([directions]), String([directions, gates])];
    if (!allowed.includes(dimsOf(scale)) || dimsOf(scale + 1) !== dimsOf(scale)) {
      refuse(`the scales of an ${operator} of ${units} units are [${dimsOf(scale)}]`);
    }
    if (
      shapeOf(scale + 1).dataType !== shapeOf(weights).dataType ||
      shapeOf(weights).dataType === undefined
    ) {
      refuse(`the zero points of an ${operator} are of another type than its weights`);
    }
  }
}
