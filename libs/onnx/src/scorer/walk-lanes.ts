import {
  blockRows,
  laneCount,
  laneNodeBytes,
  tableVectors,
  type MachineLayout,
  type TreeGroup,
} from './machine-layout.js';
import { type RankPlan } from './rank-plan.js';
import { type Tree } from '../trees/tree-ensemble.js';
import { stepDown } from './walk-trees.js';
import { wasm, type Code, type WasmFunction } from './wasm-code.js';

/**
 * Sixteen rows a vector, and one or two vectors: the upper levels of a tree are decided by comparing **all** their nodes
 * with all rows, a byte each, instead of fetching a node for every row; below them each row walks on by itself.
 *
 * A comparison gives 0 for `yes` and -1 for `no`. What a node answers is minus the number of the place, from the left,
 * that a row reaches below it: of the lowest nodes the comparison itself, of a node above
 * `min(yes, compared & (no - half))`, half of the places being left of `no`. Where it goes to `yes`, the right side is 0,
 * which is above no answer; where it goes to `no`, it is below every answer of `yes`. The leaves are added row by row, in the
 * order of the trees: the sums are those of a row by itself.
 *
 * Comparing doubles with every level and walking does not, so that five levels are compared (measured; see docs/adr/0010).
 */
export function walkLanes(
  layout: MachineLayout,
  { output, nodes, leaves, laneNodes, trees }: TreeGroup,
  vectors: 1 | 2,
  name: string,
): WasmFunction {
  const { at, width, depth, bits, rowBytes, laneLevels } = layout;
  const { get, set, tee, i32, loadI32, loadF32, lanes } = wasm;
  const [tree, upper, slot, node, packed] = [0, 1, 2, 3, 4] as const;
  const sides = vectors === 1 ? ([0] as const) : ([0, 1] as const);
  const threshold = 5;
  const half = (height: number): number => 4 + height;
  const local = (height: number, side: number, kind: 0 | 1 | 2): number =>
    half(laneLevels) + 1 + (height * 2 + side) * 3 + kind;
  const answer = (height: number) => (side: number) => local(height, side, 0);
  const answerOfYes = (height: number) => (side: number) => local(height, side, 1);
  const compared = (height: number) => (side: number) => local(height, side, 2);

  const compare = (place: number, to: (side: number) => number): Code => [
    ...[get(upper), loadI32(laneNodes + place * 4), set(slot)],
    ...[get(upper), lanes.loadSplat(laneNodes + 2 ** laneLevels * 4 + place), set(threshold)],
    sides.map((side) => [
      ...[get(slot), lanes.load(at.laneRanks + side * laneCount), get(threshold), lanes.above, set(to(side))],
    ]),
  ];
  const decide = (place: number, height: number): Code => {
    if (height === 1) return compare(place, answer(1));
    const [below, yes, own] = [answer(height - 1), answerOfYes(height), compared(height)];
    return [
      decide(2 * place, height - 1),
      sides.map((side) => [get(below(side)), set(yes(side))]),
      decide(2 * place + 1, height - 1),
      compare(place, own),
      sides.map((side) => [
        ...[get(yes(side)), get(own(side)), get(below(side)), get(half(height)), lanes.add],
        ...[lanes.and, lanes.min, set(answer(height)(side))],
      ]),
    ];
  };
  const below = depth - laneLevels;
  const rankOf = (row: number): Code =>
    layout.walksByRow
      ? [loadI32(at.ranks + row * rowBytes)]
      : [
          ...[i32(Math.log2(blockRows / 4)), wasm.shl, wasm.loadSignedI8(at.laneRanks + row)],
          ...[i32(128), wasm.add, i32(bits), wasm.shl],
        ];
  const addLeaf = (row: number): Code => [
    ...[i32(0), wasm.loadI8(at.arrived + row), i32(2), wasm.shl],
    ...[below > 0 ? [i32(2 ** laneLevels * 4), wasm.add] : [], set(node)],
    Array.from({ length: below }, () =>
      stepDown(node, [get(tree), get(node), wasm.add, loadI32(nodes)], rankOf(row), packed, bits),
    ),
    ...[i32(0), i32(0), loadF32(output + row * 4), get(tree), get(node), wasm.add],
    ...[loadF32(leaves - (below > 0 ? width * 4 : 0)), wasm.addF32, wasm.storeF32(output + row * 4)],
  ];
  const heights = Array.from({ length: laneLevels - 1 }, (_, index) => index + 2);
  const body: Code = [
    heights.map((height) => [lanes.all(-(2 ** (height - 1))), set(half(height))]),
    wasm.repeat([
      decide(1, laneLevels),
      sides.map((side) => [
        ...[i32(0), get(answer(laneLevels)(side)), lanes.negate, lanes.store(at.arrived + side * laneCount)],
      ]),
      Array.from({ length: vectors * laneCount }, (_, row) => addLeaf(row)),
      ...[get(upper), i32(laneNodeBytes(laneLevels)), wasm.add, set(upper)],
      ...[get(tree), i32(width * 4), wasm.add, tee(tree), i32(trees * width * 4), wasm.lessThan],
    ]),
  ];
  const v128Locals = local(laneLevels, 1, 2) + 1 - threshold;
  return { name, parameters: 0, i32Locals: 5, f32Locals: 0, v128Locals, result: 'none', body };
}

/** The upper nodes of every tree. A node that is not there, below a leaf, sends every rank to `yes`. */
export function fillLaneNodes(
  buffer: ArrayBuffer,
  { laneLevels }: MachineLayout,
  { laneNodes, trees: treeCount }: TreeGroup,
  trees: readonly Tree[],
  plan: RankPlan,
): void {
  if (laneLevels === 0) return;
  const width = 2 ** laneLevels;
  const stride = laneNodeBytes(laneLevels);
  const view = new DataView(buffer, laneNodes, treeCount * stride);
  const place = (tree: Tree, base: number, node: number, position: number): void => {
    if (position >= width || (tree.feature[node] as number) < 0) return;
    view.setInt32(base + position * 4, plan.slotOf(tree, node) * blockRows, true);
    view.setInt8(base + width * 4 + position, plan.rankOf(tree, node) - 128);
    place(tree, base, tree.yes[node] as number, 2 * position);
    place(tree, base, tree.no[node] as number, 2 * position + 1);
  };
  for (let index = 0; index < treeCount; index += 1) {
    const base = index * stride;
    for (let position = 0; position < width; position += 1) view.setInt8(base + width * 4 + position, 127);
    const tree = trees[index];
    if (tree !== undefined) place(tree, base, 0, 1);
  }
}

/** The tables of all sets, set by set. */
export function fillLaneTables(buffer: ArrayBuffer, { at, laneLevels }: MachineLayout, plan: RankPlan): void {
  if (laneLevels === 0) return;
  let place = at.laneTables;
  for (const feature of plan.categorical) {
    const { slots, ranks, categories } = feature;
    const size = tableVectors(feature) * laneCount;
    const table = new Uint8Array(buffer, place, slots * size);
    for (let slot = 0; slot < slots; slot += 1) {
      for (let category = 0; category < categories + 2; category += 1) {
        table[slot * size + category] = (ranks[category * slots + slot] as number) - 128;
      }
    }
    place += table.length;
  }
}
