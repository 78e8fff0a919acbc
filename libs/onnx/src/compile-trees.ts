import { countCategoryCells, mostCategoryCells, planRanks, type RankPlan } from './rank-plan.js';
import { goesYes, linked, type Tree, type TreeEnsemble } from './tree-ensemble.js';
import { buildTreeMachine, nextBlock } from './tree-machine.js';

/**
 * Scores rows of float32 features, row after row in one array of `rows * featureCount`; NaN is a missing value. Holds
 * its own scratch memory: one scorer a thread, no call inside a call.
 */
export interface TreeScorer {
  readonly featureCount: number;
  /** What the compiled model keeps in memory beside its source: nodes, leaves, tables and one block of rows. */
  readonly bytes: number;
  /** How far this answer may lie from one whose float32 sum was taken in another order. */
  tolerance(answer: number): number;
  /** Writes the model's answer of each row: the probability of a logistic model. */
  score(features: Float32Array, rows: number, out: Float32Array): void;
  /** Writes the margins: bit for bit the float32 sum of the leaves in the order of the trees. */
  margins(features: Float32Array, rows: number, out: Float32Array): void;
}

/** Trees up to this depth become complete trees; deeper ones would be mostly padding. */
const maxCompleteDepth = 10;
const maxCompleteNodes = 8_000_000;

/**
 * Compiles trees to integers.
 *
 * Each row is quantised once: a feature becomes its rank among the thresholds that the model compares it with, so that
 * `x < threshold[k]` is `rank <= k` (rank = how many thresholds are <= x). A missing value gets rank 0 where it goes to
 * `yes` and the highest rank where it goes to `no`; a feature that has nodes of both kinds gets two ranks, each in its
 * slot. A split by category is a rank of 0 or 1 in a slot of its set, looked up for all sets of a feature at once. A node is
 * one integer, `k << bits | slot`; ranks are kept shifted alike, so that the sign of their difference
 * says which way to go: no branch, nothing for the branch predictor to miss.
 *
 * Many rows go in blocks, tree by tree, so that a tree stays in the nearest cache while a block passes: sixteen or thirty-two
 * side by side as bytes, see walkLanes; few rows, and models whose ranks take more than a byte, are walked row by row.
 */
export function compileTrees(ensemble: TreeEnsemble): TreeScorer {
  let first = 0;
  let start = 0;
  for (; ensemble.trees[first]?.depth === 0; first += 1)
    start = Math.fround(start + (ensemble.trees[first]?.value[0] ?? 0));
  const trees = ensemble.trees.slice(first);
  const depth = trees.reduce((deepest, tree) => Math.max(deepest, tree.depth), 0);
  const featureCount = ensemble.featureNames.length;
  const complete = depth <= maxCompleteDepth && trees.length * 2 ** depth <= maxCompleteNodes;
  const { margins: plain, bytes } =
    trees.length === 0 || !complete || countCategoryCells(trees) > mostCategoryCells
      ? { margins: walkTrees(trees, start, featureCount), bytes: 0 }
      : runMachine(trees, depth, start, featureCount);

  const margins = (features: Float32Array, rows: number, out: Float32Array): void => {
    if (features.length < rows * featureCount || out.length < rows)
      throw new RangeError(`${rows} rows need ${rows * featureCount} features and ${rows} places`);
    plain(features, rows, out);
    if (ensemble.offset !== 0)
      for (let row = 0; row < rows; row += 1) out[row] = Math.fround((out[row] as number) + ensemble.offset);
  };
  return {
    featureCount,
    bytes,
    tolerance: toleranceOf(ensemble),
    margins,
    score(features, rows, out) {
      margins(features, rows, out);
      if (ensemble.link !== 'identity')
        for (let row = 0; row < rows; row += 1) out[row] = linked(ensemble.link, out[row] as number);
    },
  };
}

/** Sigmoids and exponentials of two libraries differ in the last bits of a float32. */
const linkTolerance = 2e-6;

/**
 * What two orders of one float32 sum may differ by, as a statistical bound: each of n additions is off by half a unit in the
 * last place at most, of a partial sum that is never above the sum of the largest leaves, and errors of either sign add up
 * like a random walk, `sqrt(n) * 2^-24 * sum of the largest |leaf|`. A sigmoid passes a quarter of it on, an exponential
 * multiplies it by the answer. A wrong leaf changes a margin by the distance of two leaves, far more.
 */
function toleranceOf({ trees, offset, link }: TreeEnsemble): TreeScorer['tolerance'] {
  const largest = trees.reduce(
    (sum, { value }) => sum + value.reduce((most, leaf) => Math.max(most, Math.abs(leaf)), 0),
    Math.abs(offset),
  );
  const ofSum = Math.sqrt(trees.length + 1) * 2 ** -24 * largest;
  return (answer) => {
    const size = Math.abs(answer);
    const share = link === 'sigmoid' ? 0.25 : link === 'exp' ? size : 1;
    return linkTolerance * Math.max(1, size) + ofSum * share;
  };
}

type Margins = TreeScorer['margins'];

function runMachine(
  trees: readonly Tree[],
  depth: number,
  start: number,
  columns: number,
): { readonly margins: Margins; readonly bytes: number } {
  const plan: RankPlan = planRanks(trees);
  const machine = buildTreeMachine(trees, depth, plan, columns);
  const { input, output } = machine;
  const margins: Margins = (features, rows, out) => {
    for (let from = 0, block = 0; from < rows; from += block) {
      block = nextBlock(rows - from);
      const begin = from * columns;
      const values = block * columns;
      for (let index = 0; index < values; index += 1) input[index] = features[begin + index] as number;
      if (block === 1) {
        out[from] = machine.row(start);
        continue;
      }
      output.fill(start);
      machine.block(block);
      for (let row = 0; row < block; row += 1) out[from + row] = output[row] as number;
    }
  };
  return { margins, bytes: machine.bytes };
}

/** Deep trees, walked from node to node: the memory of complete trees would double with every level. */
function walkTrees(trees: readonly Tree[], start: number, columns: number): Margins {
  return (features, rows, out) => {
    out.fill(start, 0, rows);
    for (const tree of trees) {
      const { feature, yes, no, value } = tree;
      for (let row = 0; row < rows; row += 1) {
        const begin = row * columns;
        let node = 0;
        for (let column = feature[0] as number; column >= 0; column = feature[node] as number) {
          const x = features[begin + column] as number;
          node = (goesYes(tree, node, x) ? yes[node] : no[node]) as number;
        }
        out[row] = (out[row] as number) + (value[node] as number);
      }
    }
  };
}
