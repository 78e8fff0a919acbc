import { type MachineLayout, type TreeGroup } from './machine-layout.js';
import { wasm, type Code, type WasmFunction } from './wasm-code.js';

/** Rows of a block and trees of a row are walked four at a time: their loads do not depend on each other. */
const sideBySide = [0, 1, 2, 3] as const;

/** One step down: `at` is four times the node's number; the sign of threshold minus rank selects the child. */
export function stepDown(node: number, load: Code, ranks: Code, packed: number, bits: number): Code {
  const { get, set, tee, i32 } = wasm;
  return [
    ...[load, tee(packed), get(packed), i32(2 ** bits - 1), wasm.and, ranks, wasm.sub],
    ...[i32(29), wasm.shiftRightUnsigned, i32(4), wasm.and],
    ...[get(node), i32(1), wasm.shl, wasm.add, set(node)],
  ];
}

/** One row: four trees at a time, their leaves added in order to what `output` begins with. */
export function walkRow(
  { at, width, depth, bits }: MachineLayout,
  { output, nodes, leaves, trees }: TreeGroup,
  name: string,
): WasmFunction {
  const { get, set, tee, i32, loadI32, loadF32 } = wasm;
  const [tree, packed] = [0, 1] as const;
  const node = (side: number): number => 2 + side;
  const sum = 6;
  const levels: Code[] = Array.from({ length: depth }, () =>
    sideBySide.map((side) =>
      stepDown(
        node(side),
        [get(tree), get(node(side)), wasm.add, loadI32(nodes + side * width * 4)],
        [loadI32(at.ranks)],
        packed,
        bits,
      ),
    ),
  );
  const body: Code = [
    ...[i32(0), loadF32(output), set(sum)],
    wasm.repeat([
      sideBySide.map((side) => [i32(4), set(node(side))]),
      levels,
      sideBySide.map((side) => [
        ...[get(sum), get(tree), get(node(side)), wasm.add],
        ...[loadF32(leaves + side * width * 4 - width * 4), wasm.addF32, set(sum)],
      ]),
      ...[get(tree), i32(4 * width * 4), wasm.add, tee(tree), i32(trees * width * 4), wasm.lessThan],
    ]),
    get(sum),
  ];
  return { name, parameters: 0, i32Locals: 6, f32Locals: 1, v128Locals: 0, result: 'f32', body };
}

/** Several rows: tree by tree, so that a tree stays in the nearest cache, four rows at a time. */
export function walkBlock(
  { at, width, depth, bits, rowBytes }: MachineLayout,
  { output, nodes, leaves, trees }: TreeGroup,
  name: string,
): WasmFunction {
  const { get, set, tee, i32, loadI32, loadF32 } = wasm;
  const [rows, tree, ranks, out, packed] = [0, 1, 2, 3, 4] as const;
  const node = (side: number): number => 5 + side;
  const levels: Code[] = Array.from({ length: depth }, () =>
    sideBySide.map((side) =>
      stepDown(
        node(side),
        [get(tree), get(node(side)), wasm.add, loadI32(nodes)],
        [get(ranks), wasm.add, loadI32(at.ranks + side * rowBytes)],
        packed,
        bits,
      ),
    ),
  );
  const fourRows: Code = [
    sideBySide.map((side) => [i32(4), set(node(side))]),
    levels,
    sideBySide.map((side) => [
      ...[get(out), get(out), loadF32(output + side * 4), get(tree), get(node(side)), wasm.add],
      ...[loadF32(leaves - width * 4), wasm.addF32, wasm.storeF32(output + side * 4)],
    ]),
    ...[get(ranks), i32(4 * rowBytes), wasm.add, set(ranks)],
    ...[get(out), i32(16), wasm.add, tee(out), get(rows), i32(2), wasm.shl, wasm.lessThan],
  ];
  const body = wasm.repeat([
    ...[i32(0), set(ranks), i32(0), set(out), wasm.repeat(fourRows)],
    ...[get(tree), i32(width * 4), wasm.add, tee(tree), i32(trees * width * 4), wasm.lessThan],
  ]);
  return { name, parameters: 1, i32Locals: 8, f32Locals: 0, v128Locals: 0, result: 'none', body };
}
