import { type onnx as Onnx } from 'onnx-proto';
import { refuse } from '../trees/tree-ensemble.js';

/**
 * An int8 product must have the one form that is safe to fuse. When onnxruntime loads a file, it fuses MatMulInteger, Cast, Mul
 * by the scales and Add of a bias into one operator that does not check the shapes of scales and bias: a scale that is a
 * matrix, or a bias of one number broadcast over many columns, makes it read out of bounds (a segmentation fault with 1.30). So for each MatMulInteger [n, k] x [k, columns]:
 *
 * - what is multiplied and its zero point come from one DynamicQuantizeLinear, the weights are a constant matrix, and their
 *   zero point is a constant for all columns or for each;
 * - the result goes only through Cast into Mul, whose other side is Mul of that DynamicQuantizeLinear's scale and a
 *   constant for all columns or for each;
 * - what is added to that, when it is a constant, is one number for each column.
 */
export function checkInt8(graph: Onnx.IGraphProto): void {
  const nodes = graph.node ?? [];
  const products = nodes.filter(({ opType }) => opType === 'MatMulInteger');
  if (products.length === 0) return;
  const dimsOf = new Map(
    (graph.initializer ?? []).map(({ name, dims }) => [name ?? '', Array.from(dims ?? [], Number)]),
  );
  const maker = new Map(nodes.flatMap((node) => (node.output ?? []).map((name) => [name, node] as const)));
  const readers = new Map<string, Onnx.INodeProto[]>();
  for (const node of nodes) {
    for (const name of new Set(node.input ?? [])) readers.set(name, [...(readers.get(name) ?? []), node]);
  }
  const readersOf = (name: string | undefined, opType: string): readonly Onnx.INodeProto[] => {
    const found = readers.get(name ?? '') ?? [];
    if (found.some((node) => node.opType !== opType)) {
      refuse(`${JSON.stringify(name)}, part of an int8 product, is read by something other than ${opType}`);
    }
    return found;
  };
  const perColumn = (name: string, columns: number): boolean => {
    const dims = dimsOf.get(name);
    return (
      dims !== undefined && (dims.length === 0 || (dims.length === 1 && [1, columns].includes(dims[0] ?? 0)))
    );
  };

  for (const { input, output } of products) {
    const [values = '', weights = '', zero = '', weightsZero = ''] = input ?? [];
    const what = `the product in int8 ${JSON.stringify(output?.[0])}`;
    const quantised = maker.get(values);
    if (
      quantised?.opType !== 'DynamicQuantizeLinear' ||
      quantised.output?.[0] !== values ||
      quantised.output[2] !== zero
    ) {
      refuse(`${what} multiplies a value that is not an output of DynamicQuantizeLinear`);
    }
    const matrix = dimsOf.get(weights);
    if (matrix?.length !== 2) refuse(`${what} has weights that are not a constant matrix`);
    const columns = matrix[1] ?? 0;
    if (weightsZero !== '' && !perColumn(weightsZero, columns)) {
      refuse(`${what} has a zero point that is not one for each of ${columns} columns`);
    }
    const scaleOf = (name: string): boolean => {
      const product = maker.get(name);
      const [first = '', second = ''] = product?.input ?? [];
      const scale = quantised.output?.[1] ?? '';
      return (
        product?.opType === 'Mul' &&
        ((first === scale && perColumn(second, columns)) || (second === scale && perColumn(first, columns)))
      );
    };
    for (const cast of readersOf(output?.[0], 'Cast')) {
      for (const scaled of readersOf(cast.output?.[0], 'Mul')) {
        const others = (scaled.input ?? []).filter((name) => name !== cast.output?.[0]);
        if (others.length !== 1 || !others.every(scaleOf)) {
          refuse(`${what} is not scaled by its own scales`);
        }
        for (const added of readers.get(scaled.output?.[0] ?? '') ?? []) {
          for (const name of added.opType === 'Add' ? (added.input ?? []) : []) {
            const dims = dimsOf.get(name);
            if (dims !== undefined && String(dims) !== String([columns])) {
              refuse(`${what} has a bias of [${String(dims)}] for ${columns} columns`);
            }
          }
        }
      }
    }
  }
}
