import { gridCells, type RankPlan } from './rank-plan.js';
import { refuse, type Tree } from './tree-ensemble.js';
import { assemble, wasm, type Code, type WasmFunction } from './wasm-code.js';

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

export const blockRows = 32;
const pageBytes = 65_536;
/** Rows of a block and trees of a row are walked four side by side: their loads do not wait for one another. */
const sideBySide = [0, 1, 2, 3] as const;
const featureBytes = 40;

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
  const width = 2 ** depth;
  const padded = Math.ceil(trees.length / 4) * 4;
  // One slot more takes what a feature without a slot of that kind would write. Slots are kept as byte offsets.
  const rowBytes = (plan.slots + 1) * 4;
  const bits = Math.ceil(Math.log2(plan.slots + 1)) + 2;
  if (plan.mostThresholds * 2 ** bits >= 2 ** 30)
    refuse(`${plan.mostThresholds} thresholds over ${plan.slots} columns do not fit the compiled scorer`);

  let end = 0;
  const area = (bytes: number): number => {
    const from = end;
    end += Math.ceil(bytes / 16) * 16;
    return from;
  };
  const at: Areas = {
    ranks: area(blockRows * rowBytes),
    input: area(blockRows * columns * 4),
    output: area(blockRows * 4),
    features: area(plan.features.length * featureBytes),
    cells: area(plan.cells.byteLength),
    table: area(plan.table.byteLength),
    categories: area(plan.categorical.reduce((bytes, { ranks }) => bytes + ranks.length * 4, 0)),
    nodes: area(padded * width * 4),
    leaves: area(padded * width * 4),
  };
  const pages = Math.ceil(end / pageBytes);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const shape: Shape = { at, width, depth, bits, rowBytes, columns, trees: padded };
  const code = assemble([quantise(shape, plan), row(shape), block(shape)], pages);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(code), { env: { memory } });
  const program = exports as {
    quantise(rows: number): void;
    row(): number;
    block(rows: number): void;
  };

  fillFeatures(new DataView(memory.buffer), at, plan, bits);
  new Int32Array(memory.buffer, at.cells, plan.cells.length).set(plan.cells.map((place) => place * 4));
  new Float32Array(memory.buffer, at.table, plan.table.length).set(plan.table);
  fillCategories(memory.buffer, shape, plan);
  fillTrees(memory.buffer, shape, trees, plan);
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
      program.quantise(rows);
      program.block(rows);
    },
  };
}

interface Areas {
  readonly ranks: number;
  readonly input: number;
  readonly output: number;
  readonly features: number;
  readonly cells: number;
  readonly table: number;
  readonly categories: number;
  readonly nodes: number;
  readonly leaves: number;
}

interface Shape {
  readonly at: Areas;
  readonly width: number;
  readonly depth: number;
  readonly bits: number;
  readonly rowBytes: number;
  readonly columns: number;
  readonly trees: number;
}

/** low, scale, then byte offsets: column, `yes` slot, `no` slot, start in the table, shifted top, start of the grid. */
function fillFeatures(view: DataView, at: Areas, plan: RankPlan, bits: number): void {
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

function fillCategories(buffer: ArrayBuffer, { at, bits }: Shape, plan: RankPlan): void {
  let place = at.categories;
  for (const { ranks } of plan.categorical) {
    const table = new Int32Array(buffer, place, ranks.length);
    for (const [cell, rank] of ranks.entries()) table[cell] = rank << bits;
    place += table.byteLength;
  }
}

function fillTrees(buffer: ArrayBuffer, shape: Shape, trees: readonly Tree[], plan: RankPlan): void {
  const { at, width, bits } = shape;
  const nodes = new Int32Array(buffer, at.nodes, shape.trees * width).fill(plan.mostThresholds << bits);
  const leaves = new Float32Array(buffer, at.leaves, shape.trees * width).fill(-0);
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

/** Ranks of all features of `rows` rows. */
function quantise({ at, bits, rowBytes, columns }: Shape, plan: RankPlan): WasmFunction {
  const [rows, input, ranks, feature, cell, rank] = [0, 1, 2, 3, 4, 5] as const;
  const x = 6;
  const { get, set, tee, i32, loadI32, loadF32, loadF64 } = wasm;
  const search: Code[] = [];
  for (let half = plan.firstHalf; half >= 1; half /= 2)
    search.push([
      ...[get(cell), get(x), get(cell), loadF32(at.table + (half - 1) * 4), wasm.atLeastF32],
      ...[i32(Math.log2(half * 4)), wasm.shl, wasm.add, set(cell)],
    ]);
  const write = (slot: number, value: Code): Code => [
    ...[get(ranks), get(feature), loadI32(at.features + slot), wasm.add, value, wasm.storeI32(at.ranks)],
  ];
  const top = [get(feature), loadI32(at.features + 32)];
  const present: Code = [
    // The cell of the value on the feature's grid, open at both ends.
    ...[get(x), wasm.promote, get(feature), loadF64(at.features), wasm.subF64],
    ...[get(feature), loadF64(at.features + 8), wasm.mulF64, wasm.f64(1), wasm.addF64],
    ...[wasm.f64(0), wasm.maxF64, wasm.f64(gridCells - 1), wasm.minF64, wasm.truncate, i32(2), wasm.shl],
    ...[get(feature), loadI32(at.features + 36), wasm.add, loadI32(at.cells), set(cell)],
    search,
    ...[get(cell), get(feature), loadI32(at.features + 28), wasm.sub, i32(bits - 2), wasm.shl, set(rank)],
    ...[get(rank), top, get(rank), top, wasm.lessThan, wasm.select, set(rank)],
    write(20, get(rank)),
    write(24, get(rank)),
  ];
  const missing: Code = [write(20, i32(0)), write(24, top)];
  const eachFeature: Code = [
    ...[get(input), get(feature), loadI32(at.features + 16), wasm.add, loadF32(at.input), set(x)],
    ...[get(x), get(x), wasm.differsF32, wasm.ifElse(missing, present)],
    ...[get(feature), i32(featureBytes), wasm.add, tee(feature)],
    ...[i32(plan.features.length * featureBytes), wasm.lessThan],
  ];
  let place = at.categories;
  const byCategory = plan.categorical.map(({ column, firstSlot, slots, categories, ranks: table }): Code => {
    const rowOfTable: Code = [
      ...[get(x), wasm.truncateF32, i32(1), wasm.add, i32(0)],
      ...[get(x), wasm.f32(0), wasm.atLeastF32, get(x), wasm.f32(categories), wasm.belowF32, wasm.and],
      wasm.select,
    ];
    const code: Code = [
      ...[get(input), loadF32(at.input + column * 4), set(x)],
      ...[get(ranks), i32(at.ranks + firstSlot * 4), wasm.add],
      ...[i32(categories + 1), rowOfTable, get(x), get(x), wasm.differsF32, wasm.select],
      ...[i32(slots * 4), wasm.mul, i32(place), wasm.add, i32(slots * 4), wasm.copy],
    ];
    place += table.length * 4;
    return code;
  });
  const eachRow: Code = [
    ...[i32(0), set(feature), plan.features.length === 0 ? [] : wasm.repeat(eachFeature)],
    byCategory,
    ...[get(input), i32(columns * 4), wasm.add, set(input)],
    ...[get(ranks), i32(rowBytes), wasm.add, set(ranks)],
    ...[get(rows), i32(-1), wasm.add, tee(rows)],
  ];
  const body = wasm.repeat(eachRow);
  return { name: 'quantise', parameters: 1, i32Locals: 5, f32Locals: 1, result: 'none', body };
}

/** One step down: `at` is four times the node's number; the sign of threshold minus rank says which child comes next. */
function step(node: number, load: Code, ranks: Code, packed: number, bits: number): Code {
  const { get, set, tee, i32 } = wasm;
  return [
    ...[load, tee(packed), get(packed), i32(2 ** bits - 1), wasm.and, ranks, wasm.sub],
    ...[i32(29), wasm.shiftRightUnsigned, i32(4), wasm.and],
    ...[get(node), i32(1), wasm.shl, wasm.add, set(node)],
  ];
}

/** One row: four trees at a time, their leaves added in order to what `output` begins with. */
function row({ at, width, depth, bits, trees }: Shape): WasmFunction {
  const { get, set, tee, i32, loadI32, loadF32 } = wasm;
  const [tree, packed] = [0, 1] as const;
  const node = (side: number): number => 2 + side;
  const sum = 6;
  const levels: Code[] = Array.from({ length: depth }, () =>
    sideBySide.map((side) =>
      step(
        node(side),
        [get(tree), get(node(side)), wasm.add, loadI32(at.nodes + side * width * 4)],
        [loadI32(at.ranks)],
        packed,
        bits,
      ),
    ),
  );
  const body: Code = [
    ...[i32(0), loadF32(at.output), set(sum)],
    wasm.repeat([
      sideBySide.map((side) => [i32(4), set(node(side))]),
      levels,
      sideBySide.map((side) => [
        ...[get(sum), get(tree), get(node(side)), wasm.add],
        ...[loadF32(at.leaves + side * width * 4 - width * 4), wasm.addF32, set(sum)],
      ]),
      ...[get(tree), i32(4 * width * 4), wasm.add, tee(tree), i32(trees * width * 4), wasm.lessThan],
    ]),
    get(sum),
  ];
  return { name: 'row', parameters: 0, i32Locals: 6, f32Locals: 1, result: 'f32', body };
}

/** Several rows: tree by tree, so that a tree stays in the nearest cache, four rows at a time. */
function block({ at, width, depth, bits, rowBytes, trees }: Shape): WasmFunction {
  const { get, set, tee, i32, loadI32, loadF32 } = wasm;
  const [rows, tree, ranks, out, packed] = [0, 1, 2, 3, 4] as const;
  const node = (side: number): number => 5 + side;
  const levels: Code[] = Array.from({ length: depth }, () =>
    sideBySide.map((side) =>
      step(
        node(side),
        [get(tree), get(node(side)), wasm.add, loadI32(at.nodes)],
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
      ...[get(out), get(out), loadF32(at.output + side * 4), get(tree), get(node(side)), wasm.add],
      ...[loadF32(at.leaves - width * 4), wasm.addF32, wasm.storeF32(at.output + side * 4)],
    ]),
    ...[get(ranks), i32(4 * rowBytes), wasm.add, set(ranks)],
    ...[get(out), i32(16), wasm.add, tee(out), get(rows), i32(2), wasm.shl, wasm.lessThan],
  ];
  const body = wasm.repeat([
    ...[i32(0), set(ranks), i32(0), set(out), wasm.repeat(fourRows)],
    ...[get(tree), i32(width * 4), wasm.add, tee(tree), i32(trees * width * 4), wasm.lessThan],
  ]);
  return { name: 'block', parameters: 1, i32Locals: 8, f32Locals: 0, result: 'none', body };
}
