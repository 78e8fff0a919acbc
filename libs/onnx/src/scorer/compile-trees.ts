import { fitsLanes } from './machine-layout.js';
import { countCategoryCells, maxCategoryCells, planRanks, type RankPlan } from './rank-plan.js';
import { goesYes, applyLink, type Tree, type TreeEnsemble } from '../trees/tree-ensemble.js';
import { buildTreeMachine, nextBlock } from './tree-machine.js';

/**
 * Scores rows of float32 features, row after row in one array of `rows * featureCount`; NaN is a missing value. Holds
 * its own scratch memory: one scorer a thread, no call inside a call.
 */
export interface TreeScorer {
  readonly featureCount: number;
  /** Memory of the compiled model beside its source: nodes, leaves, tables and one block of rows. */
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
 * one integer, `k << bits | slot`; ranks are shifted in the same way, so that the sign of their difference
 * gives the direction without a branch.
 *
 * Many rows are scored in blocks, tree by tree, so that a tree stays in the L1 cache for a whole block: sixteen or thirty-two rows
 * side by side as bytes, see walkLanes. Few rows, and models whose ranks exceed a byte, are walked row by row.
 */
export function compileTrees(ensemble: TreeEnsemble): TreeScorer {
  const compiled = compileMargins([ensemble]);
  const margins = (features: Float32Array, rows: number, out: Float32Array): void =>
    compiled.margins(features, rows, [out]);
  return {
    featureCount: ensemble.featureNames.length,
    bytes: compiled.bytes,
    tolerance: computeTolerance(ensemble),
    margins,
    score(features, rows, out) {
      margins(features, rows, out);
      if (ensemble.link !== 'identity') {
        for (let row = 0; row < rows; row += 1) out[row] = applyLink(ensemble.link, out[row] as number);
      }
    },
  };
}

export interface MarginScorer {
  readonly bytes: number;
  /** Writes the margins of each row, one array an ensemble; bit for bit as each ensemble by itself. */
  margins(features: Float32Array, rows: number, outs: readonly Float32Array[]): void;
}

/**
 * Compiles ensembles over the same features, such as the classes of a model, to one program: a row is quantised once, by the
 * thresholds of all of them. XGBoost uses the same cuts of a feature for every class, so there are hardly more than for one.
 * Where there are too many for ranks of a byte, a separate program for each ensemble is faster.
 */
export function compileMargins(ensembles: readonly TreeEnsemble[]): MarginScorer {
  const groups = ensembles.map(buildGroup);
  const trees = groups.flatMap((group) => group.trees);
  const depth = trees.reduce((deepest, tree) => Math.max(deepest, tree.depth), 0);
  const complete = depth <= maxCompleteDepth && trees.length * 2 ** depth <= maxCompleteNodes;
  const fits = trees.length > 0 && complete && countCategoryCells(trees) <= maxCategoryCells;
  const plan = fits ? planRanks(trees) : undefined;
  if (ensembles.length > 1 && !(plan !== undefined && fitsLanes(plan))) {
    const each = ensembles.map((ensemble) => compileMargins([ensemble]));
    return {
      bytes: each.reduce((bytes, one) => bytes + one.bytes, 0),
      margins(features, rows, outs) {
        for (const [index, one] of each.entries()) one.margins(features, rows, [outs[index] as Float32Array]);
      },
    };
  }
  const columns = ensembles[0]?.featureNames.length ?? 0;
  const { margins: plain, bytes } =
    plan === undefined
      ? { margins: walkTrees(groups, columns), bytes: 0 }
      : runMachine(groups, depth, plan, columns);
  const offsets = groups.map(({ offset }) => offset);
  return {
    bytes,
    margins(features, rows, outs) {
      // By index: an iterator per call takes a fiftieth of the time of a single row.
      for (let group = 0; group < offsets.length; group += 1) {
        if (features.length < rows * columns || (outs[group] as Float32Array).length < rows) {
          throw new RangeError(`${rows} rows need ${rows * columns} features and ${rows} places`);
        }
      }
      plain(features, rows, outs);
      for (let group = 0; group < offsets.length; group += 1) {
        const out = outs[group] as Float32Array;
        const offset = offsets[group] as number;
        if (offset !== 0) {
          for (let row = 0; row < rows; row += 1) out[row] = Math.fround((out[row] as number) + offset);
        }
      }
    },
  };
}

/** The trees of one ensemble; what its first trees answer to every row is where its sums start. */
interface Group {
  readonly trees: readonly Tree[];
  readonly start: number;
  readonly offset: number;
}

function buildGroup({ trees, offset }: TreeEnsemble): Group {
  let first = 0;
  let start = 0;
  for (; trees[first]?.depth === 0; first += 1) start = Math.fround(start + (trees[first]?.value[0] ?? 0));
  return { trees: trees.slice(first), start, offset };
}

/** Sigmoids and exponentials of two libraries differ in the last bits of a float32. */
const linkTolerance = 2e-6;

/**
 * What two orders of one float32 sum may differ by, as a statistical bound: each of n additions is off by half a unit in the
 * last place at most, of a partial sum that is never above the sum of the largest leaves, and errors of either sign add up
 * like a random walk, `sqrt(n) * 2^-24 * sum of the largest |leaf|`. A sigmoid passes a quarter of it on, an exponential
 * multiplies it by the answer. A wrong leaf changes a margin by the distance of two leaves, far more.
 */
export function computeTolerance({ trees, offset, link }: TreeEnsemble): TreeScorer['tolerance'] {
  const magnitude = trees.reduce(
    (sum, { value }) => sum + value.reduce((max, leaf) => Math.max(max, Math.abs(leaf)), 0),
    Math.abs(offset),
  );
  const ofSum = Math.sqrt(trees.length + 1) * 2 ** -24 * magnitude;
  return (answer) => {
    const size = Math.abs(answer);
    const share = link === 'sigmoid' ? 0.25 : link === 'exp' ? size : 1;
    return linkTolerance * Math.max(1, size) + ofSum * share;
  };
}

type Margins = MarginScorer['margins'];

function runMachine(
  groups: readonly Group[],
  depth: number,
  plan: RankPlan,
  columns: number,
): { readonly margins: Margins; readonly bytes: number } {
  const machine = buildTreeMachine(
    groups.map(({ trees }) => trees),
    depth,
    plan,
    columns,
  );
  const { input, outputs } = machine;
  const starts = groups.map(({ start }) => start);
  const margins: Margins = (features, rows, outs) => {
    for (let from = 0, block = 0; from < rows; from += block) {
      block = nextBlock(rows - from);
      const begin = from * columns;
      const values = block * columns;
      for (let index = 0; index < values; index += 1) input[index] = features[begin + index] as number;
      if (block === 1) {
        machine.row(starts, outs, from);
        continue;
      }
      for (let group = 0; group < starts.length; group += 1) {
        (outputs[group] as Float32Array).fill(starts[group] as number);
      }
      machine.block(block);
      for (let group = 0; group < starts.length; group += 1) {
        const out = outs[group] as Float32Array;
        const output = outputs[group] as Float32Array;
        for (let row = 0; row < block; row += 1) out[from + row] = output[row] as number;
      }
    }
  };
  return { margins, bytes: machine.bytes };
}

/** Walks deep trees from node to node: the memory of complete trees would double with every level. */
function walkTrees(groups: readonly Group[], columns: number): Margins {
  return (features, rows, outs) => {
    for (const [index, { trees, start }] of groups.entries()) {
      const out = outs[index] as Float32Array;
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
    }
  };
}
