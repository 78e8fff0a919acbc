import { type Tree } from './tree-ensemble.js';

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

/** How features become ranks; see compileTrees. */
export interface RankPlan {
  readonly slots: number;
  readonly features: readonly QuantisedFeature[];
  /** Thresholds of every feature in order, each followed by enough +Infinity to end any search. */
  readonly table: Float32Array;
  /** Where in `table` the search of a value begins, by feature and cell of its grid. */
  readonly cells: Int32Array;
  /** First step of the search within a cell, a power of two. */
  readonly firstHalf: number;
  /** The most thresholds that one feature has. */
  readonly mostThresholds: number;
  rankOf(tree: Tree, node: number): number;
  slotOf(tree: Tree, node: number): number;
}

export function planRanks(trees: readonly Tree[]): RankPlan {
  const thresholdsOf = new Map<number, Set<number>>();
  const slotOf = new Map<string, number>();
  for (const tree of trees) {
    for (const [node, feature] of tree.feature.entries()) {
      if (feature < 0) continue;
      const thresholds = thresholdsOf.get(feature) ?? new Set<number>();
      thresholdsOf.set(feature, thresholds.add((tree.threshold[node] as number) + 0));
      const key = `${feature}/${tree.missingYes[node] as number}`;
      if (!slotOf.has(key)) slotOf.set(key, slotOf.size);
    }
  }
  const slots = Math.max(1, slotOf.size);
  const most = Math.max(1, ...[...thresholdsOf.values()].map((thresholds) => thresholds.size));
  const used = [...thresholdsOf.keys()].sort((a, b) => a - b);
  const rankOf = new Map<number, Map<number, number>>();
  const sortedOf = used.map((feature) => Float64Array.from(thresholdsOf.get(feature) ?? []).sort());
  for (const [index, sorted] of sortedOf.entries())
    rankOf.set(used[index] as number, new Map([...sorted].map((threshold, rank) => [threshold, rank])));

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
    table,
    cells,
    firstHalf,
    mostThresholds: most,
    rankOf: (tree, node) =>
      rankOf.get(tree.feature[node] as number)?.get((tree.threshold[node] as number) + 0) ?? 0,
    slotOf: (tree, node) =>
      slotOf.get(`${tree.feature[node] as number}/${tree.missingYes[node] as number}`) ?? 0,
  };
}

/** Cell of a value on a grid whose first and last cells are open. NaN never comes here. */
function cellOf(value: number, low: number, scale: number): number {
  const place = (value - low) * scale + 1;
  // Infinity times a scale of 0 is NaN and lands in cell 0; scale 0 means one threshold, which a search from there finds.
  return place >= gridCells - 1 ? gridCells - 1 : place < 0 ? 0 : place | 0;
}
