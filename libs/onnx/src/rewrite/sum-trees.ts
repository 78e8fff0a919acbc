import { toBits } from './merge-subtrees.js';
import { rewriteTrees } from './rewrite-trees.js';
import { type Rewrite } from './rewrite.js';
import { marginRounding, explainNoMargin } from './summed-margin.js';
import { sizeOfTree, type TreePart } from './tree-node.js';

/**
 * Merges trees with identical splits (features, thresholds and directions of missing values at the same places) into one tree
 * whose leaves are the sums of theirs; equal trees are the simplest case. The first of these trees keeps its place in the sum.
 * Boosters of depth 1 and 2 have such trees: a real one of 120 rounds and 16 bins shrinks to 56 trees at depth 1 and to 101 at
 * depth 2; deeper ones have hardly any.
 *
 * Not bit-identical, not even for equal trees: (a + t) + t and a + 2t round differently, although 2t is exact. Proven:
 * |margin after - margin before| <= `marginBound` of the report = the sum over the new trees of the farthest that rounding
 * moved a leaf, + the difference between float32 sums of the trees, see marginRounding. A sigmoid makes at most a quarter of it.
 *
 * Run pruneTrees first: unreachable parts hide identical splits. Left alone: other aggregate functions than SUM, several
 * targets, and sums of leaves beyond float32.
 */
export function sumTrees(): Rewrite {
  return {
    name: 'sum-trees',
    guarantee: 'measured',
    apply: (model) =>
      rewriteTrees(model, (node) => {
        const reason = explainNoMargin(node);
        if (reason !== undefined) return reason;
        const alike = new Map<string, (typeof node.trees)[number][]>();
        for (const tree of node.trees) {
          const key = toSplitKey(tree.root);
          alike.set(key, [...(alike.get(key) ?? []), tree]);
        }
        const summedTrees = node.trees.length - alike.size;
        if (summedTrees === 0) return undefined;
        let marginBound = marginRounding(node);
        let removedNodes = 0;
        const trees = [...alike.values()].flatMap((group) => {
          const [first, ...others] = group;
          if (first === undefined || others.length === 0) return group;
          const { part, moved } = sumAlike(group.map(({ root }) => root));
          marginBound += moved;
          removedNodes += others.length * sizeOfTree(first.root);
          return [{ id: first.id, root: part }];
        });
        if (!Number.isFinite(marginBound)) return 'the sum of two leaves is beyond float32';
        return { trees, changes: { summedTrees, removedNodes, marginBound } };
      }),
  };
}

/** Equal for trees with the same splits, whatever their leaves. */
function toSplitKey(part: TreePart): string {
  if (part.kind === 'leaf') return '.';
  const { mode, feature, threshold, missingYes, yes, no } = part;
  return `(${mode} ${feature} ${toBits(threshold)} ${missingYes} ${toSplitKey(yes)} ${toSplitKey(no)})`;
}

/** One tree of trees with the same splits, and how far its leaves lie from the exact sums at most. */
function sumAlike(trees: readonly TreePart[]): { readonly part: TreePart; readonly moved: number } {
  const [first] = trees;
  if (first?.kind === 'split') {
    const splits = trees as readonly Extract<TreePart, { kind: 'split' }>[];
    const yes = sumAlike(splits.map((split) => split.yes));
    const no = sumAlike(splits.map((split) => split.no));
    return { part: { ...first, yes: yes.part, no: no.part }, moved: Math.max(yes.moved, no.moved) };
  }
  const leaves = trees.map((leaf) => (leaf.kind === 'leaf' ? (leaf.weights[0]?.weight ?? 0) : 0));
  const sum = leaves.reduce((total, leaf) => total + leaf, 0);
  const weight = Math.fround(sum);
  // The sum itself is one of doubles; each of its additions is off by half a unit in the last place.
  const magnitude = leaves.reduce((total, leaf) => total + Math.abs(leaf), 0);
  const moved = Math.abs(weight - sum) + leaves.length * 2 ** -53 * magnitude;
  return { part: { kind: 'leaf', weights: [{ target: 0, weight }] }, moved };
}
