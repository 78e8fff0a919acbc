import {
  blockRows,
  featureBytes,
  laneCount,
  layOutMachine,
  type MachineLayout,
  type TreeGroup,
} from './machine-layout.js';
import { quantiseRows } from './quantise-rows.js';
import { gridCells, type RankPlan } from './rank-plan.js';
import { type Tree } from '../trees/tree-ensemble.js';
import { fillLaneNodes, fillLaneTables, walkLanes } from './walk-lanes.js';
import { walkBlock, walkRow } from './walk-trees.js';
import { assemble } from './wasm-code.js';

/** Available in Node; not declared by the TypeScript libraries without a browser. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
  readonly Memory: new (limits: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
};

/** The compiled program of groups of trees over the same features, with its memory. Each group has separate sums. */
export interface TreeMachine {
  /** Where the features of a block go, row after row. */
  readonly input: Float32Array;
  /** By group, where the margins of a block of several rows come out. */
  readonly outputs: readonly Float32Array[];
  /** Writes the margins of the row in `input` to a place of `outs`; the sum of each group begins with its start. */
  row(starts: readonly number[], outs: readonly Float32Array[], place: number): void;
  /** Adds the leaves of this many rows, at most `blockRows`, to what `outputs` hold. */
  block(rows: number): void;
  /** Memory of the machine. */
  readonly bytes: number;
}

/** The code that walks the trees of one group. */
interface Program {
  readonly row: () => number;
  readonly block: (rows: number) => void;
  readonly lanes16: () => void;
  readonly lanes32: () => void;
}

const pageBytes = 65_536;
/** Number of rows walked one by one in the time of sixteen lanes. */
const fewRows = 8;

/** Number of remaining rows in the next block. A few beyond sixteen are cheaper to walk than to score in separate lanes. */
export function nextBlock(rows: number): number {
  if (rows > laneCount && rows <= laneCount + fewRows) return laneCount;
  return Math.min(blockRows, rows);
}

/**
 * Writes the program of an ensemble for WebAssembly: constants instead of variables, no checks of bounds, the levels of
 * the trees unrolled. `depth` is that of the deepest tree; every tree becomes a complete tree of that depth, node i with
 * its children at 2i and 2i + 1, a leaf higher up followed by nodes that always go to `yes`. The last four of a group are
 * made up by trees that add -0, which changes no sum. A row is read once, whatever the number of groups.
 */
export function buildTreeMachine(
  groups: readonly (readonly Tree[])[],
  depth: number,
  plan: RankPlan,
  columns: number,
): TreeMachine {
  const layout = layOutMachine(
    groups.map(({ length }) => length),
    depth,
    plan,
    columns,
  );
  const { at } = layout;
  const pages = Math.ceil(layout.bytes / pageBytes);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const hasLanes = layout.laneLevels > 0;
  const code = assemble(
    [
      quantiseRows(layout, plan, 'quantise', { walking: true, lanes: false }),
      ...layout.groups.flatMap((group, index) => [
        walkRow(layout, group, `row${index}`),
        walkBlock(layout, group, `block${index}`),
      ]),
      ...(hasLanes
        ? [
            quantiseRows(layout, plan, 'quantiseLanes', {
              walking: layout.walksByRow && layout.laneLevels < depth,
              lanes: true,
            }),
            ...layout.groups.flatMap((group, index) => [
              walkLanes(layout, group, 1, `lanes16_${index}`),
              walkLanes(layout, group, 2, `lanes32_${index}`),
            ]),
          ]
        : []),
    ],
    pages,
  );
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(code), { env: { memory } });
  const program = exports as Readonly<Record<string, (rows?: number) => unknown>> & {
    quantise(rows: number): void;
    quantiseLanes(rows: number): void;
  };
  const programs = groups.map(
    (_, index) =>
      ({
        row: program[`row${index}`],
        block: program[`block${index}`],
        lanes16: program[`lanes16_${index}`],
        lanes32: program[`lanes32_${index}`],
      }) as Program,
  );

  fillFeatures(new DataView(memory.buffer), at, plan, layout.bits);
  new Int32Array(memory.buffer, at.cells, plan.cells.length).set(plan.cells.map((place) => place * 4));
  new Float32Array(memory.buffer, at.table, plan.table.length).set(plan.table);
  fillCategories(memory.buffer, layout, plan);
  for (const [index, group] of layout.groups.entries()) {
    const trees = groups[index] ?? [];
    fillTrees(memory.buffer, layout, group, trees, plan);
    fillLaneNodes(memory.buffer, layout, group, trees, plan);
  }
  fillLaneTables(memory.buffer, layout, plan);
  const outputs = layout.groups.map(({ output }) => new Float32Array(memory.buffer, output, blockRows));
  return {
    input: new Float32Array(memory.buffer, at.input, blockRows * columns),
    outputs,
    bytes: pages * pageBytes,
    row(starts, outs, place) {
      program.quantise(1);
      for (let group = 0; group < programs.length; group += 1) {
        (outputs[group] as Float32Array)[0] = starts[group] as number;
        (outs[group] as Float32Array)[place] = (programs[group] as Program).row();
      }
    },
    block(rows) {
      if (!hasLanes || rows <= fewRows) {
        program.quantise(rows);
        for (const { block } of programs) block(rows);
        return;
      }
      program.quantiseLanes(rows);
      if (rows <= laneCount) for (const { lanes16 } of programs) lanes16();
      else for (const { lanes32 } of programs) lanes32();
    },
  };
}

/** low, scale, then byte offsets: column, `yes` slot, `no` slot, start in the table, shifted top, start of the grid. */
function fillFeatures(view: DataView, at: MachineLayout['at'], plan: RankPlan, bits: number): void {
  for (const [index, feature] of plan.features.entries()) {
    const place = at.features + index * featureBytes;
    const slot = (number: number): number => (number < 0 ? plan.slots : number) * 4;
    view.setFloat64(place, feature.low, true);
    view.setFloat64(place + 8, feature.scale, true);
    const integers = [
      feature.column * 4,
      slot(feature.yesSlot),
      slot(feature.noSlot),
      feature.start * 4,
      feature.top << bits,
      index * gridCells * 4,
    ];
    for (const [offset, value] of integers.entries()) view.setInt32(place + 16 + offset * 4, value, true);
  }
}

function fillCategories(buffer: ArrayBuffer, { at, bits }: MachineLayout, plan: RankPlan): void {
  let place = at.categories;
  for (const { ranks } of plan.categorical) {
    const table = new Int32Array(buffer, place, ranks.length);
    for (const [cell, rank] of ranks.entries()) table[cell] = rank << bits;
    place += table.byteLength;
  }
}

function fillTrees(
  buffer: ArrayBuffer,
  { width, bits }: MachineLayout,
  group: TreeGroup,
  trees: readonly Tree[],
  plan: RankPlan,
): void {
  const nodes = new Int32Array(buffer, group.nodes, group.trees * width).fill(plan.maxThresholds << bits);
  const leaves = new Float32Array(buffer, group.leaves, group.trees * width).fill(-0);
  const place = (tree: Tree, base: number, node: number, position: number): void => {
    if ((tree.feature[node] as number) >= 0) {
      nodes[base + position] = (plan.rankOf(tree, node) << bits) | (plan.slotOf(tree, node) * 4);
      place(tree, base, tree.yes[node] as number, 2 * position);
      place(tree, base, tree.no[node] as number, 2 * position + 1);
      return;
    }
    let leaf = position;
    while (leaf < width) leaf *= 2;
    leaves[base + leaf - width] = tree.value[node] as number;
  };
  for (const [index, tree] of trees.entries()) place(tree, index * width, 0, 1);
}
