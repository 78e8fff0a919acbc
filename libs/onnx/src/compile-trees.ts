import { refuse, sigmoid, type Tree, type TreeEnsemble } from './tree-ensemble.js';

/**
 * Scores rows of float32 features, row after row in one array of `rows * featureCount`; NaN is a missing value. Holds
 * its own scratch memory: one scorer a thread, no call inside a call.
 */
export interface TreeScorer {
  readonly featureCount: number;
  /** Writes the model's answer of each row: the probability of a logistic model. */
  score(features: Float32Array, rows: number, out: Float32Array): void;
  /** Writes the margins: bit for bit the float32 sum of the leaves in the order of the trees. */
  margins(features: Float32Array, rows: number, out: Float32Array): void;
}

const blockRows = 32;
/** Trees up to this depth are laid out as complete trees, which need no child pointers. */
const maxCompleteDepth = 12;
const maxCompleteNodes = 8_000_000;
const gridCells = 256;

/**
 * Compiles trees to integers.
 *
 * Each row is quantised once: a feature becomes its rank among the thresholds that the model compares it with, so that
 * `x < threshold[k]` is `rank <= k` (rank = how many thresholds are <= x). A missing value gets rank 0 where it goes to
 * `yes` and the highest rank where it goes to `no`; a feature that has nodes of both kinds gets two ranks, each in its
 * slot. A node is one integer, `k << slotBits | slot`; ranks are kept shifted alike, so that the sign of their difference
 * says which way to go: no branch, nothing for the branch predictor to miss. Trees are padded to complete trees of the
 * ensemble's depth, children of i at 2i and 2i + 1; a leaf higher up becomes nodes that always go to `yes`.
 *
 * Many rows are walked in blocks, tree by tree, so that a tree stays in the nearest cache while a block passes.
 */
export function compileTrees(ensemble: TreeEnsemble): TreeScorer {
  const plan = planRanks(ensemble);
  let first = 0;
  let start = 0;
  for (; ensemble.trees[first]?.depth === 0; first += 1)
    start = Math.fround(start + (ensemble.trees[first]?.value[0] ?? 0));
  const trees = ensemble.trees.slice(first);
  const depth = trees.reduce((deepest, tree) => Math.max(deepest, tree.depth), 0);
  const complete = depth <= maxCompleteDepth && trees.length * 2 ** depth <= maxCompleteNodes;
  const walk = complete ? completeWalk(trees, depth, plan, start) : linkedWalk(trees, plan, start);
  const featureCount = ensemble.featureNames.length;
  const ranks = new Int32Array(blockRows * plan.slots);

  const margins = (features: Float32Array, rows: number, out: Float32Array): void => {
    if (features.length < rows * featureCount || out.length < rows)
      throw new RangeError(`${rows} rows need ${rows * featureCount} features and ${rows} places`);
    for (let from = 0; from < rows; from += blockRows) {
      const block = Math.min(blockRows, rows - from);
      plan.quantise(features, from * featureCount, featureCount, block, ranks);
      if (block === 1) out[from] = walk.row(ranks);
      else walk.block(ranks, block, out, from);
    }
    if (ensemble.offset !== 0)
      for (let row = 0; row < rows; row += 1) out[row] = Math.fround((out[row] as number) + ensemble.offset);
  };
  return {
    featureCount,
    margins,
    score(features, rows, out) {
      margins(features, rows, out);
      if (ensemble.link === 'sigmoid')
        for (let row = 0; row < rows; row += 1) out[row] = sigmoid(out[row] as number);
    },
  };
}

interface Walk {
  row(ranks: Int32Array): number;
  block(ranks: Int32Array, rows: number, out: Float32Array, from: number): void;
}

interface RankPlan {
  readonly slots: number;
  readonly slotBits: number;
  /** The packed form of an inner node. */
  pack(tree: Tree, node: number): number;
  /** A packed node whose answer is always `yes`. */
  readonly alwaysYes: number;
  quantise(features: Float32Array, start: number, stride: number, rows: number, ranks: Int32Array): void;
}

function planRanks(ensemble: TreeEnsemble): RankPlan {
  const thresholdsOf = new Map<number, Set<number>>();
  const slotOf = new Map<string, number>();
  for (const tree of ensemble.trees) {
    for (const [node, feature] of tree.feature.entries()) {
      if (feature < 0) continue;
      const thresholds = thresholdsOf.get(feature) ?? new Set<number>();
      thresholdsOf.set(feature, thresholds.add((tree.threshold[node] as number) + 0));
      const key = `${feature}/${tree.missingYes[node] as number}`;
      if (!slotOf.has(key)) slotOf.set(key, slotOf.size);
    }
  }
  const slots = Math.max(1, slotOf.size);
  const slotBits = Math.ceil(Math.log2(slots));
  const most = Math.max(1, ...[...thresholdsOf.values()].map((thresholds) => thresholds.size));
  const used = [...thresholdsOf.keys()].sort((a, b) => a - b);
  if (most * 2 ** slotBits >= 2 ** 30)
    refuse(`${most} thresholds over ${slots} columns do not fit the compiled scorer`);

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
  const lows = Float64Array.from(grids, ({ low }) => low);
  const scales = Float64Array.from(grids, ({ scale }) => scale);
  /** Place in `table` where the search of each cell begins. Behind each feature's thresholds +Infinity ends any search. */
  const cells = new Int32Array(used.length * gridCells);
  const starts = new Int32Array(used.length);
  const table = new Float64Array(
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
  const columns = Int32Array.from(used);
  const highest = Int32Array.from(sortedOf, (sorted) => sorted.length);
  const yesSlot = Int32Array.from(used, (feature) => slotOf.get(`${feature}/1`) ?? -1);
  const noSlot = Int32Array.from(used, (feature) => slotOf.get(`${feature}/0`) ?? -1);

  return {
    slots,
    slotBits,
    alwaysYes: most << slotBits,
    pack(tree, node) {
      const feature = tree.feature[node] as number;
      const rank = rankOf.get(feature)?.get((tree.threshold[node] as number) + 0) ?? 0;
      return (rank << slotBits) | (slotOf.get(`${feature}/${tree.missingYes[node] as number}`) ?? 0);
    },
    quantise(features, begin, stride, rows, ranks) {
      for (let row = 0; row < rows; row += 1) {
        const place = row * slots;
        for (let index = 0; index < columns.length; index += 1) {
          const x = features[begin + row * stride + (columns[index] as number)] as number;
          const top = highest[index] as number;
          let yes = 0;
          let no = top;
          if (!Number.isNaN(x)) {
            const cell = cellOf(x, lows[index] as number, scales[index] as number);
            let at = cells[index * gridCells + cell] as number;
            // Number(comparison) compiles to a flag, not to a jump: nothing for the branch predictor to miss.
            for (let half = firstHalf; half > 0; half >>= 1)
              at = (at + Math.imul(half, Number(x >= (table[at + half - 1] as number)))) | 0;
            const rank = at - (starts[index] as number);
            yes = rank < top ? rank : top;
            no = yes;
          }
          const yesAt = yesSlot[index] as number;
          const noAt = noSlot[index] as number;
          if (yesAt >= 0) ranks[place + yesAt] = yes << slotBits;
          if (noAt >= 0) ranks[place + noAt] = no << slotBits;
        }
      }
    },
  };
}

/** Cell of a value on a grid whose first and last cells are open. NaN never comes here. */
function cellOf(value: number, low: number, scale: number): number {
  const place = (value - low) * scale + 1;
  // Infinity times a scale of 0 is NaN and lands in cell 0; scale 0 means one threshold, which a search from there finds.
  return place >= gridCells - 1 ? gridCells - 1 : place < 0 ? 0 : place | 0;
}

/** Complete trees: node i of a tree has its children at 2i and 2i + 1; the bottom level holds the leaves. */
function completeWalk(trees: readonly Tree[], depth: number, plan: RankPlan, start: number): Walk {
  const width = 2 ** depth;
  const count = trees.length;
  const nodes = new Int32Array(count * width).fill(plan.alwaysYes);
  const leaves = new Float32Array(count * width);
  const { slots } = plan;
  const mask = 2 ** plan.slotBits - 1;
  const place = (tree: Tree, base: number, node: number, at: number): void => {
    if ((tree.feature[node] as number) >= 0) {
      nodes[base + at] = plan.pack(tree, node);
      place(tree, base, tree.yes[node] as number, 2 * at);
      place(tree, base, tree.no[node] as number, 2 * at + 1);
      return;
    }
    let leaf = at;
    while (leaf < width) leaf *= 2;
    leaves[base + leaf - width] = tree.value[node] as number;
  };
  for (const [index, tree] of trees.entries()) place(tree, index * width, 0, 1);

  return {
    row(ranks) {
      let sum = start;
      let tree = 0;
      // Four trees side by side: their loads do not wait for one another.
      for (; tree + 4 <= count; tree += 4) {
        const a = tree * width;
        const b = a + width;
        const c = b + width;
        const d = c + width;
        let i = 1;
        let j = 1;
        let k = 1;
        let l = 1;
        for (let level = 0; level < depth; level += 1) {
          const p = nodes[a + i] as number;
          const q = nodes[b + j] as number;
          const r = nodes[c + k] as number;
          const s = nodes[d + l] as number;
          i = (2 * i + ((p - (ranks[p & mask] as number)) >>> 31)) | 0;
          j = (2 * j + ((q - (ranks[q & mask] as number)) >>> 31)) | 0;
          k = (2 * k + ((r - (ranks[r & mask] as number)) >>> 31)) | 0;
          l = (2 * l + ((s - (ranks[s & mask] as number)) >>> 31)) | 0;
        }
        sum = Math.fround(sum + (leaves[a + i - width] as number));
        sum = Math.fround(sum + (leaves[b + j - width] as number));
        sum = Math.fround(sum + (leaves[c + k - width] as number));
        sum = Math.fround(sum + (leaves[d + l - width] as number));
      }
      for (; tree < count; tree += 1) {
        const base = tree * width;
        let i = 1;
        for (let level = 0; level < depth; level += 1) {
          const p = nodes[base + i] as number;
          i = (2 * i + ((p - (ranks[p & mask] as number)) >>> 31)) | 0;
        }
        sum = Math.fround(sum + (leaves[base + i - width] as number));
      }
      return sum;
    },
    block(ranks, rows, out, from) {
      out.fill(start, from, from + rows);
      for (let tree = 0; tree < count; tree += 1) {
        const base = tree * width;
        let row = 0;
        for (; row + 4 <= rows; row += 4) {
          const a = row * slots;
          const b = a + slots;
          const c = b + slots;
          const d = c + slots;
          let i = 1;
          let j = 1;
          let k = 1;
          let l = 1;
          for (let level = 0; level < depth; level += 1) {
            const p = nodes[base + i] as number;
            const q = nodes[base + j] as number;
            const r = nodes[base + k] as number;
            const s = nodes[base + l] as number;
            i = (2 * i + ((p - (ranks[a + (p & mask)] as number)) >>> 31)) | 0;
            j = (2 * j + ((q - (ranks[b + (q & mask)] as number)) >>> 31)) | 0;
            k = (2 * k + ((r - (ranks[c + (r & mask)] as number)) >>> 31)) | 0;
            l = (2 * l + ((s - (ranks[d + (s & mask)] as number)) >>> 31)) | 0;
          }
          const at = from + row;
          const leaf = base - width;
          out[at] = (out[at] as number) + (leaves[leaf + i] as number);
          out[at + 1] = (out[at + 1] as number) + (leaves[leaf + j] as number);
          out[at + 2] = (out[at + 2] as number) + (leaves[leaf + k] as number);
          out[at + 3] = (out[at + 3] as number) + (leaves[leaf + l] as number);
        }
        for (; row < rows; row += 1) {
          const a = row * slots;
          let i = 1;
          for (let level = 0; level < depth; level += 1) {
            const p = nodes[base + i] as number;
            i = (2 * i + ((p - (ranks[a + (p & mask)] as number)) >>> 31)) | 0;
          }
          out[from + row] = (out[from + row] as number) + (leaves[base + i - width] as number);
        }
      }
    },
  };
}

/** Deep or sparse trees: every node knows where its `yes` child lies, the `no` child is next to it. */
function linkedWalk(trees: readonly Tree[], plan: RankPlan, start: number): Walk {
  const total = trees.reduce((sum, tree) => sum + tree.feature.length, 0);
  const nodes = new Int32Array(total).fill(plan.alwaysYes);
  const children = new Int32Array(total);
  const values = new Float32Array(total);
  const roots = new Int32Array(trees.length);
  const { slots } = plan;
  const mask = 2 ** plan.slotBits - 1;
  let base = 0;
  for (const [index, tree] of trees.entries()) {
    roots[index] = base;
    for (const [node, feature] of tree.feature.entries()) {
      // layOutTree puts the two children of a node side by side. A leaf is its own `yes` child.
      children[base + node] = base + (feature < 0 ? node : (tree.yes[node] as number));
      if (feature >= 0) nodes[base + node] = plan.pack(tree, node);
      values[base + node] = tree.value[node] as number;
    }
    base += tree.feature.length;
  }
  const depths = Int32Array.from(trees, ({ depth }) => depth);
  const leafOf = (tree: number, ranks: Int32Array, at: number): number => {
    let node = roots[tree] as number;
    for (let level = depths[tree] as number; level > 0; level -= 1) {
      const packed = nodes[node] as number;
      node = ((children[node] as number) + ((packed - (ranks[at + (packed & mask)] as number)) >>> 31)) | 0;
    }
    return values[node] as number;
  };
  return {
    row(ranks) {
      let sum = start;
      for (let tree = 0; tree < trees.length; tree += 1) sum = Math.fround(sum + leafOf(tree, ranks, 0));
      return sum;
    },
    block(ranks, rows, out, from) {
      out.fill(start, from, from + rows);
      for (let tree = 0; tree < trees.length; tree += 1)
        for (let row = 0; row < rows; row += 1)
          out[from + row] = (out[from + row] as number) + leafOf(tree, ranks, row * slots);
    },
  };
}
