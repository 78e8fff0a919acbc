import { type Tree } from '../trees/tree-ensemble.js';

export const gridCells = 256;

/** One feature that the model reads: its column, its slots (-1: none) and where its thresholds and its grid lie. */
export interface QuantisedFeature {
  readonly column: number;
  readonly yesSlot: number;
  readonly noSlot: number;
  /** First of its thresholds in `table`, and how many there are. */
  readonly start: number;
  readonly top: number;
  readonly low: number;
  readonly scale: number;
}

/**
 * One feature with splits by category. Every set of categories that a node lists has a slot, and the slots of
 * a feature lie side by side: one row of `ranks`, copied, answers all sets at once. Row 0 belongs to numbers that are in no
 * set, row c + 1 to the category c, and the last row to a missing value.
 */
export interface CategoricalFeature {
  readonly column: number;
  readonly firstSlot: number;
  readonly slots: number;
  /** One more than the highest category in any set. */
  readonly categories: number;
  /** 1 where the slot's set sends the row to `no`, [categories + 2, slots]. */
  readonly ranks: Uint8Array;
}

/** How features become ranks; see compileTrees. */
export interface RankPlan {
  readonly slots: number;
  readonly features: readonly QuantisedFeature[];
  readonly categorical: readonly CategoricalFeature[];
  /** Thresholds of every feature in order, each followed by enough +Infinity to end any search. */
  readonly table: Float32Array;
  /** Where in `table` the search of a value begins, by feature and cell of its grid. */
  readonly cells: Int32Array;
  /** First step of the search within a cell, a power of two. */
  readonly firstHalf: number;
  /** Maximum number of thresholds of one feature. */
  readonly maxThresholds: number;
  rankOf(tree: Tree, node: number): number;
  slotOf(tree: Tree, node: number): number;
}

export function planRanks(trees: readonly Tree[]): RankPlan {
  const thresholdsOf = new Map<number, Set<number>>();
  const slotOf = new Map<string, number>();
  for (const tree of trees) {
    for (const [node, feature] of tree.feature.entries()) {
      if (feature < 0 || tree.categories?.has(node)) continue;
      const thresholds = thresholdsOf.get(feature) ?? new Set<number>();
      thresholdsOf.set(feature, thresholds.add((tree.threshold[node] as number) + 0));
      const key = `${feature}/${tree.missingYes[node] as number}`;
      if (!slotOf.has(key)) slotOf.set(key, slotOf.size);
    }
  }
  const { categorical, slotOfSet } = planCategories(trees, slotOf.size);
  const slots = Math.max(1, slotOf.size + slotOfSet.size);
  const maxThresholds = Math.max(1, ...[...thresholdsOf.values()].map((thresholds) => thresholds.size));
  const used = [...thresholdsOf.keys()].sort((a, b) => a - b);
  const rankOf = new Map<number, Map<number, number>>();
  const sortedOf = used.map((feature) => Float64Array.from(thresholdsOf.get(feature) ?? []).sort());
  for (const [index, sorted] of sortedOf.entries()) {
    rankOf.set(used[index] as number, new Map([...sorted].map((threshold, rank) => [threshold, rank])));
  }

  // Where the search of a value begins: its cell on an even grid over the feature's thresholds. The cell of a value never
  // decreases as the value grows, also after rounding, so the thresholds of lower cells are below it, those of higher
  // cells above it, and only those of its own cell remain to be searched.
  const grids = sortedOf.map((sorted) => {
    const low = sorted[0] as number;
    const span = (sorted.at(-1) as number) - low;
    const scale = span > 0 ? (gridCells - 2) / span : 0;
    const counts = new Int32Array(gridCells);
    for (const threshold of sorted) {
      const cell = cellOf(threshold, low, scale);
      counts[cell] = (counts[cell] as number) + 1;
    }
    return { low, scale, counts };
  });
  const fullest = Math.max(1, ...grids.map(({ counts }) => Math.max(...counts)));
  const firstHalf = 2 ** Math.floor(Math.log2(fullest));
  /** Place in `table` where the search of each cell begins. Behind each feature's thresholds +Infinity ends any search. */
  const cells = new Int32Array(used.length * gridCells);
  const starts = new Int32Array(used.length);
  const table = new Float32Array(
    sortedOf.reduce((sum, sorted) => sum + sorted.length + 2 * firstHalf, 0),
  ).fill(Infinity);
  let start = 0;
  for (const [index, sorted] of sortedOf.entries()) {
    starts[index] = start;
    table.set(sorted, start);
    let below = start;
    for (const [cell, count] of (grids[index] as { counts: Int32Array }).counts.entries()) {
      cells[index * gridCells + cell] = below;
      below += count;
    }
    start += sorted.length + 2 * firstHalf;
  }
  return {
    slots,
    features: used.map((column, index) => ({
      column,
      yesSlot: slotOf.get(`${column}/1`) ?? -1,
      noSlot: slotOf.get(`${column}/0`) ?? -1,
      start: starts[index] as number,
      top: (sortedOf[index] as Float64Array).length,
      low: (grids[index] as { low: number }).low,
      scale: (grids[index] as { scale: number }).scale,
    })),
    categorical,
    table,
    cells,
    firstHalf,
    maxThresholds: maxThresholds,
    rankOf: (tree, node) =>
      tree.categories?.has(node)
        ? 0
        : (rankOf.get(tree.feature[node] as number)?.get((tree.threshold[node] as number) + 0) ?? 0),
    slotOf: (tree, node) =>
      slotOfSet.get(toSetKey(tree, node) ?? '') ??
      slotOf.get(`${tree.feature[node] as number}/${tree.missingYes[node] as number}`) ??
      0,
  };
}

/** Equal for nodes of any tree with the same split; undefined for a node that splits by threshold. */
function toSetKey(tree: Tree, node: number): string | undefined {
  const set = tree.categories?.get(node);
  if (set === undefined) return undefined;
  return `${tree.feature[node] as number}/${tree.missingYes[node] as number}/${set.join()}`;
}

/** Cells of the tables of all categorical features; beyond it the trees are walked from node to node. */
export const maxCategoryCells = 16_777_216;

/** Counts the cells that those tables would have. */
export function countCategoryCells(trees: readonly Tree[]): number {
  const sets = new Map<number, Set<string>>();
  const highest = new Map<number, number>();
  for (const tree of trees) {
    for (const [node, set] of tree.categories ?? []) {
      const column = tree.feature[node] as number;
      sets.set(column, (sets.get(column) ?? new Set<string>()).add(toSetKey(tree, node) ?? ''));
      highest.set(column, Math.max(highest.get(column) ?? 0, set.at(-1) ?? 0));
    }
  }
  return [...sets].reduce((cells, [column, own]) => cells + own.size * ((highest.get(column) ?? 0) + 3), 0);
}

function planCategories(
  trees: readonly Tree[],
  firstSlot: number,
): { readonly categorical: readonly CategoricalFeature[]; readonly slotOfSet: ReadonlyMap<string, number> } {
  const setsOf = new Map<number, Map<string, { set: readonly number[]; missingNo: boolean }>>();
  for (const tree of trees) {
    for (const [node, set] of tree.categories ?? []) {
      const column = tree.feature[node] as number;
      const sets = setsOf.get(column) ?? new Map<string, { set: readonly number[]; missingNo: boolean }>();
      setsOf.set(
        column,
        sets.set(toSetKey(tree, node) ?? '', { set, missingNo: tree.missingYes[node] === 0 }),
      );
    }
  }
  const slotOfSet = new Map<string, number>();
  const categorical = [...setsOf]
    .sort(([a], [b]) => a - b)
    .map(([column, sets]): CategoricalFeature => {
      const begin = firstSlot + slotOfSet.size;
      const categories = 1 + Math.max(-1, ...[...sets.values()].map(({ set }) => set.at(-1) ?? -1));
      const ranks = new Uint8Array((categories + 2) * sets.size);
      for (const [index, [key, { set, missingNo }]] of [...sets].entries()) {
        slotOfSet.set(key, begin + index);
        for (const category of set) ranks[(category + 1) * sets.size + index] = 1;
        if (missingNo) ranks[(categories + 1) * sets.size + index] = 1;
      }
      return { column, firstSlot: begin, slots: sets.size, categories, ranks };
    });
  return { categorical, slotOfSet };
}

/** Cell of a value on a grid whose first and last cells are open. Never called with NaN. */
function cellOf(value: number, low: number, scale: number): number {
  const place = (value - low) * scale + 1;
  // Infinity times a scale of 0 is NaN and lands in cell 0; scale 0 means one threshold, which a search from there finds.
  return place >= gridCells - 1 ? gridCells - 1 : place < 0 ? 0 : place | 0;
}
