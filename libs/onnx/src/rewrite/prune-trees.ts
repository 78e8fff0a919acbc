import { mergeEqualSubtrees } from './merge-subtrees.js';
import { rewriteTrees } from './rewrite-trees.js';
import { type Rewrite } from './rewrite.js';
import { sizeOfTree, type TreePart } from './tree-node.js';

/**
 * Removes the parts of trees that no row can reach, and redundant splits. Bit-identical: every row, missing
 * values and infinities included, ends in a leaf of the same value of the same tree, so that any aggregate function over
 * any number of targets gives the same bits.
 *
 * - **Unreachable**: below a split the values of its feature lie in an interval (`x < 3` above leaves nothing for `x >= 5`),
 *   and it is known whether a missing value can arrive there. A side that neither a number in the interval nor a missing value
 *   reaches is replaced by the other side. Equality modes (BRANCH_EQ, BRANCH_NEQ) narrow nothing.
 * - **Redundant**: a split with two equal subtrees - two leaves with the same bits, in the simplest case - is replaced by
 *   one of them.
 *
 * The trees stay where they are, also one that shrinks to a leaf: float32 sums depend on their order.
 */
export function pruneTrees(): Rewrite {
  return {
    name: 'prune-trees',
    guarantee: 'bit-identical',
    apply: (model) =>
      rewriteTrees(model, ({ trees, nodes }) => {
        let unreachableNodes = 0;
        let equalNodes = 0;
        const pruned = trees.map(({ id, root }) => {
          const before = sizeOfTree(root);
          const reachable = removeUnreachable(root, new Map());
          const middle = sizeOfTree(reachable);
          const merged = mergeEqualSubtrees(reachable);
          unreachableNodes += before - middle;
          equalNodes += middle - sizeOfTree(merged);
          return { id, root: merged };
        });
        // Nodes without a root are listed in the file but never reached.
        const left = pruned.reduce((sum, { root }) => sum + sizeOfTree(root), 0);
        const orphanNodes = nodes - left - unreachableNodes - equalNodes;
        if (left === nodes) return undefined;
        return { trees: pruned, changes: { unreachableNodes: unreachableNodes + orphanNodes, equalNodes } };
      }),
  };
}

/** A place on the number line: just before `value`, or just after it. */
interface Cut {
  readonly value: number;
  readonly after: boolean;
}

/** What can arrive at a node: numbers right of `low` and left of `high`, and perhaps a missing value. */
interface Arriving {
  readonly low: Cut;
  readonly high: Cut;
  readonly missing: boolean;
}

const anything: Arriving = {
  low: { value: -Infinity, after: false },
  high: { value: Infinity, after: true },
  missing: true,
};

const isBefore = (a: Cut, b: Cut): boolean => (a.value === b.value ? !a.after && b.after : a.value < b.value);

/** Where each mode cuts, and whether its condition holds on the lower side. */
const modes: ReadonlyMap<string, { readonly after: boolean; readonly lower: boolean }> = new Map([
  ['BRANCH_LT', { after: false, lower: true }],
  ['BRANCH_LEQ', { after: true, lower: true }],
  ['BRANCH_GTE', { after: false, lower: false }],
  ['BRANCH_GT', { after: true, lower: false }],
]);

function removeUnreachable(part: TreePart, known: ReadonlyMap<number, Arriving>): TreePart {
  if (part.kind === 'leaf') return part;
  const mode = modes.get(part.mode);
  const below = (side: TreePart, arriving: Arriving): TreePart =>
    removeUnreachable(side, new Map(known).set(part.feature, arriving));
  if (mode === undefined || Number.isNaN(part.threshold)) {
    return { ...part, yes: removeUnreachable(part.yes, known), no: removeUnreachable(part.no, known) };
  }
  const arriving = known.get(part.feature) ?? anything;
  const cut: Cut = { value: part.threshold, after: mode.after };
  const lower: Arriving = {
    low: arriving.low,
    high: isBefore(cut, arriving.high) ? cut : arriving.high,
    missing: arriving.missing && part.missingYes === mode.lower,
  };
  const upper: Arriving = {
    low: isBefore(arriving.low, cut) ? cut : arriving.low,
    high: arriving.high,
    missing: arriving.missing && part.missingYes !== mode.lower,
  };
  const [yes, no] = mode.lower ? [lower, upper] : [upper, lower];
  const canArrive = ({ low, high, missing }: Arriving): boolean => missing || isBefore(low, high);
  if (!canArrive(yes)) return below(part.no, no);
  if (!canArrive(no)) return below(part.yes, yes);
  return { ...part, yes: below(part.yes, yes), no: below(part.no, no) };
}
