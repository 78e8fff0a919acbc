import { blockRows, featureBytes, laneCount, layOutMachine, type MachineLayout } from './machine-layout.js';
import { quantiseRows } from './quantise-rows.js';
import { gridCells, type RankPlan } from './rank-plan.js';
import { type Tree } from './tree-ensemble.js';
import { fillLaneNodes, fillLaneTables, walkLanes } from './walk-lanes.js';
import { walkBlock, walkRow } from './walk-trees.js';
import { assemble } from './wasm-code.js';

/** Node has it; the libraries that TypeScript knows without a browser do not declare it. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
  readonly Memory: new (limits: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
};

/** The compiled program of one ensemble, with its memory. */
export interface TreeMachine {
  /** Where the features of a block go, row after row. */
  readonly input: Float32Array;
  /** Where the margins of a block of several rows come out. */
  readonly output: Float32Array;
  /** The margin of the row in `input`; the sum begins with `start`. */
  row(start: number): number;
  /** Adds the leaves of this many rows, at most `blockRows`, to what `output` holds. */
  block(rows: number): void;
  /** What the machine keeps in memory. */
  readonly bytes: number;
}

const pageBytes = 65_536;
/** So many rows are walked one by one in the time that sixteen lanes take. */
const fewRows = 8;

/** How many of the rows that are left make the next block: a few beyond sixteen are cheaper walked than in lanes of their own. */
export function nextBlock(rows: number): number {
  if (rows > laneCount && rows <= laneCount + fewRows) return laneCount;
  return Math.min(blockRows, rows);
}

/**
 * Writes the program of an ensemble for WebAssembly: constants instead of variables, no checks of bounds, the levels of
 * the trees unrolled. `depth` is that of the deepest tree; every tree becomes a complete tree of that depth, node i with
 * its children at 2i and 2i + 1, a leaf higher up followed by nodes that always go to `yes`. The last tree of four is
 * made up by trees that add -0, which changes no sum.
 */
export function buildTreeMachine(
  trees: readonly Tree[],
  depth: number,
  plan: RankPlan,
  columns: number,
): TreeMachine {
  const layout = layOutMachine(trees.length, depth, plan, columns);
  const { at } = layout;
  const pages = Math.ceil(layout.bytes / pageBytes);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const hasLanes = layout.laneLevels > 0;
  const code = assemble(
    [
      quantiseRows(layout, plan, 'quantise', { walking: true, lanes: false }),
      walkRow(layout),
      walkBlock(layout),
      ...(hasLanes
        ? [
            quantiseRows(layout, plan, 'quantiseLanes', {
              walking: layout.walksByRow && layout.laneLevels < depth,
              lanes: true,
            }),
            walkLanes(layout, 1),
            walkLanes(layout, 2),
          ]
        : []),
    ],
    pages,
  );
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(code), { env: { memory } });
  const program = exports as {
    quantise(rows: number): void;
    row(): number;
    block(rows: number): void;
    quantiseLanes(rows: number): void;
    lanes16(): void;
    lanes32(): void;
  };

  fillFeatures(new DataView(memory.buffer), at, plan, layout.bits);
  new Int32Array(memory.buffer, at.cells, plan.cells.length).set(plan.cells.map((place) => place * 4));
  new Float32Array(memory.buffer, at.table, plan.table.length).set(plan.table);
  fillCategories(memory.buffer, layout, plan);
  fillTrees(memory.buffer, layout, trees, plan);
  fillLaneNodes(memory.buffer, layout, trees, plan);
  fillLaneTables(memory.buffer, layout, plan);
  const output = new Float32Array(memory.buffer, at.output, blockRows);
  return {
    input: new Float32Array(memory.buffer, at.input, blockRows * columns),
    output,
    bytes: pages * pageBytes,
    row(start) {
      output[0] = start;
      program.quantise(1);
      return program.row();
    },
    block(rows) {
      if (!hasLanes || rows <= fewRows) {
        program.quantise(rows);
        program.block(rows);
        return;
      }
      program.quantiseLanes(rows);
      if (rows <= laneCount) program.lanes16();
      else program.lanes32();
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

function fillTrees(buffer: ArrayBuffer, layout: MachineLayout, trees: readonly Tree[], plan: RankPlan): void {
  const { at, width, bits } = layout;
  const nodes = new Int32Array(buffer, at.nodes, layout.trees * width).fill(plan.mostThresholds << bits);
  const leaves = new Float32Array(buffer, at.leaves, layout.trees * width).fill(-0);
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
