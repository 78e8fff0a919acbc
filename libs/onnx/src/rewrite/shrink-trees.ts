import { rewriteTrees } from './rewrite-trees.js';
import { type Rewrite, RewriteRefusedError } from './rewrite.js';
import { marginRounding, explainNoMargin } from './summed-margin.js';
import { sizeOfTree, type TreePart } from './tree-node.js';

export interface ShrinkTreesOptions {
  /** How far the sum of the trees may move for any row, before link and calibration. Positive. */
  readonly maxMarginChange: number;
}

/**
 * Replaces subtrees whose leaves are close together by one leaf in the middle of their range, within a budget that holds for
 * **every** row, not only for measured ones.
 *
 * In a tree that may move by e, every subtree whose leaves span at most 2e becomes a leaf; the trees' e add up to the bound.
 * The budget is spent where it removes most: each tree's (e, removed splits) points are replaced by their concave hull, and the
 * steepest pieces of all trees come first.
 *
 * Proven: |margin after - margin before| <= `marginBound` of the report = the sum of the e, each including the rounding of its
 * leaf, + the difference in rounding of the sum, see marginRounding. A sigmoid makes at most a quarter of it.
 *
 * Every application spends the budget: two may move a margin twice as far. Left alone: other aggregate functions than SUM and
 * several targets.
 */
export function shrinkTrees({ maxMarginChange }: ShrinkTreesOptions): Rewrite {
  const name = 'shrink-trees';
  if (!(maxMarginChange > 0 && Number.isFinite(maxMarginChange))) {
    throw new RewriteRefusedError(name, `maxMarginChange is ${maxMarginChange}; a positive number is needed`);
  }
  return {
    name,
    guarantee: 'measured',
    apply: (model) =>
      rewriteTrees(model, (node) => {
        const reason = explainNoMargin(node);
        if (reason !== undefined) return reason;
        const rounding = marginRounding(node);
        if (rounding >= maxMarginChange) return `rounding alone may move it by ${rounding}`;
        const spans = node.trees.map(({ root }) => computeSpans(root));
        const budgets = shareBudget(spans, maxMarginChange - rounding);
        let marginBound = rounding;
        let removedNodes = 0;
        const trees = node.trees.map(({ id, root }, index) => {
          const budget = budgets[index] ?? 0;
          const made = budget === 0 ? { part: root, moved: 0 } : collapse(root, budget);
          marginBound += made.moved;
          removedNodes += sizeOfTree(root) - sizeOfTree(made.part);
          return { id, root: made.part };
        });
        return removedNodes === 0 ? undefined : { trees, changes: { removedNodes, marginBound } };
      }),
  };
}

/** Half the span of the leaves below each split, smallest first. A parent's is never smaller than its children's. */
function computeSpans(root: TreePart): readonly number[] {
  const spans: number[] = [];
  const visit = (part: TreePart): readonly [number, number] => {
    if (part.kind === 'leaf') {
      const weight = part.weights[0]?.weight ?? 0;
      return [weight, weight];
    }
    const [a, b] = [visit(part.yes), visit(part.no)];
    const [low, high] = [Math.min(a[0], b[0]), Math.max(a[1], b[1])];
    spans.push(maxMove(low, high));
    return [low, high];
  };
  visit(root);
  return spans.sort((a, b) => a - b);
}

const middle = (low: number, high: number): number => Math.fround((low + high) / 2);

/** How far a leaf in the middle lies from the farther end, with the rounding of the middle. */
function maxMove(low: number, high: number): number {
  const value = middle(low, high);
  return Math.max(high - value, value - low);
}

/** How far each tree may move: the steepest pieces of the concave hulls of (moved, splits gone) first, within `budget`. */
function shareBudget(spans: readonly (readonly number[])[], budget: number): readonly number[] {
  const pieces = spans.flatMap((tree, index) => {
    const hull: { at: number; gone: number }[] = [{ at: 0, gone: 0 }];
    for (const [place, at] of tree.entries()) {
      const point = { at, gone: place + 1 };
      while (hull.length > 1 || at === hull.at(-1)?.at) {
        const [before, last] = [hull.at(-2), hull.at(-1) ?? point];
        const flatter =
          before !== undefined &&
          (last.gone - before.gone) * (point.at - last.at) <=
            (point.gone - last.gone) * (last.at - before.at);
        if (last.at === at || flatter) hull.pop();
        else break;
      }
      hull.push(point);
    }
    return hull.slice(1).map((to, place) => {
      const from = hull[place] ?? { at: 0, gone: 0 };
      return { index, to: to.at, cost: to.at - from.at, slope: (to.gone - from.gone) / (to.at - from.at) };
    });
  });
  pieces.sort((a, b) => b.slope - a.slope || a.index - b.index || a.to - b.to);
  const shares = spans.map(() => 0);
  const closed = new Set<number>();
  let left = budget;
  for (const { index, to, cost } of pieces) {
    if (closed.has(index)) continue;
    if (cost > left) {
      closed.add(index);
      continue;
    }
    left -= cost;
    shares[index] = to;
  }
  return shares;
}

/** The tree with every subtree that may move by at most `budget` as one leaf, and how far that moves it at most. */
function collapse(root: TreePart, budget: number): { readonly part: TreePart; readonly moved: number } {
  let moved = 0;
  const visit = (
    part: TreePart,
  ): { readonly part: TreePart; readonly low: number; readonly high: number } => {
    if (part.kind === 'leaf') {
      const weight = part.weights[0]?.weight ?? 0;
      return { part, low: weight, high: weight };
    }
    const [yes, no] = [visit(part.yes), visit(part.no)];
    const [low, high] = [Math.min(yes.low, no.low), Math.max(yes.high, no.high)];
    const by = maxMove(low, high);
    if (by > budget) return { part: { ...part, yes: yes.part, no: no.part }, low, high };
    moved = Math.max(moved, by);
    return { part: { kind: 'leaf', weights: [{ target: 0, weight: middle(low, high) }] }, low, high };
  };
  const { part } = visit(root);
  return { part, moved };
}
