import { SeededRandom } from '@headrace/kernel';
import { describe, expect, it } from 'vitest';
import { buildTreeModel } from '../build/build-tree-model.js';
import { readTreeEnsemble } from '../admission/check-model.js';
import { decodeModel, rewriteAndMeasure } from '../testing/apply-rewrite.js';
import { randomEnsemble } from '../testing/random-ensemble.js';
import { layOutTree, type TreeEnsemble, type TreeNode } from '../trees/tree-ensemble.js';
import { RewriteRefusedError } from './rewrite.js';
import { rewriteModel } from './rewrite-model.js';
import { shrinkTrees } from './shrink-trees.js';

/** x < 2 ? (x < 1 ? leaves[0] : leaves[1]) : (x < 3 ? leaves[2] : leaves[3]) */
function fourLeaves(leaves: readonly number[]): TreeEnsemble['trees'][number] {
  const split = { feature: 0, missingYes: true, value: 0 };
  const nodes = new Map<number, TreeNode>([
    [0, { ...split, threshold: 2, yes: 1, no: 2 }],
    [1, { ...split, threshold: 1, yes: 3, no: 4 }],
    [2, { ...split, threshold: 3, yes: 5, no: 6 }],
    ...leaves.map(
      (value, index) => [index + 3, { ...split, feature: -1, threshold: 0, yes: 0, no: 0, value }] as const,
    ),
  ]);
  return layOutTree('four leaves', nodes, 0, 2);
}

const model = (...trees: TreeEnsemble['trees']): Uint8Array =>
  buildTreeModel({ featureNames: ['x'], trees, offset: 0, link: 'identity' });

function leavesAfter(bytes: Uint8Array, maxMarginChange: number): readonly (readonly number[])[] {
  const { trees } = readTreeEnsemble(rewriteModel(bytes, [shrinkTrees({ maxMarginChange })]).bytes);
  return trees.map(({ feature, value }) => [...value].filter((_, node) => feature[node]! < 0));
}

describe('shrinkTrees', () => {
  it('replaces the leaves that differ least by their middle, within the budget', () => {
    const one = model(fourLeaves([1, 1.25, 3, 5]));
    expect(leavesAfter(one, 0.126)).toEqual([[1.125, 3, 5]]);
    expect(leavesAfter(one, 0.124)).toEqual([[1, 1.25, 3, 5]]);
    expect(leavesAfter(one, 1.001)).toEqual([[1.125, 4]]);
    expect(leavesAfter(one, 2.001)).toEqual([[3]]);
  });

  it('spends the budget of the sum where it removes most', () => {
    // 0.25 removes one split of the first tree, or all three of the second.
    const two = model(fourLeaves([0, 0.5, 5, 9]), fourLeaves([1, 1.5, 1.25, 1]));
    expect(leavesAfter(two, 0.251)).toEqual([[0, 0.5, 5, 9], [1.25]]);
    expect(leavesAfter(two, 0.501)).toEqual([[0.25, 5, 9], [1.25]]);
  });

  it('moves no row further than the bound that it reports, and the bound is within the budget', async () => {
    for (let seed = 1; seed <= 4; seed += 1) {
      for (const maxMarginChange of [0.05, 0.5, 2]) {
        const ensemble = {
          ...randomEnsemble(new SeededRandom(seed), { trees: 20, depth: 5, features: 4, bins: 16 }),
          link: 'identity' as const,
        };
        const { measured, steps } = await rewriteAndMeasure(
          buildTreeModel(ensemble),
          [shrinkTrees({ maxMarginChange })],
          300,
        );
        const bound = steps[0]!.changes['marginBound']!;
        expect(bound).toBeLessThanOrEqual(maxMarginChange * (1 + 1e-12));
        expect(measured.maxOutputChange).toBeLessThanOrEqual(bound);
        expect(measured.bytesAfter).toBeLessThan(measured.bytesBefore);
      }
    }
  });

  it('moves a probability by at most a quarter of the bound', async () => {
    const bytes = buildTreeModel(randomEnsemble(new SeededRandom(8), { trees: 20, depth: 5, features: 4 }));
    const { measured, steps } = await rewriteAndMeasure(bytes, [shrinkTrees({ maxMarginChange: 1 })], 300);
    expect(measured.maxOutputChange).toBeGreaterThan(0);
    expect(measured.maxOutputChange).toBeLessThanOrEqual(steps[0]!.changes['marginBound']! / 4 + 1e-6);
  });

  it('leaves several targets and other aggregates alone, and refuses a budget that is none', () => {
    const file = model(fourLeaves([1, 1, 2, 2]));
    for (const [name, change] of [
      ['several targets', { name: 'n_targets', i: 2 }],
      ['not summed', { name: 'aggregate_function', s: Buffer.from('MAX') }],
    ] as const) {
      const copy = decodeModel(file);
      Object.assign(
        copy.graph!.node![0]!.attribute!.find((one) => one.name === change.name)!,
        change,
      );
      const { model: after, left } = shrinkTrees({ maxMarginChange: 1 }).apply(copy);
      expect(after).toBe(copy);
      expect(left.join()).toContain(name);
    }
    for (const maxMarginChange of [0, -1, NaN, Infinity]) {
      expect(() => shrinkTrees({ maxMarginChange })).toThrow(RewriteRefusedError);
    }
  });

  it('does nothing where rounding alone exceeds the budget', () => {
    const { steps } = rewriteModel(model(fourLeaves([1e6, 1e6, 2e6, 2e6])), [
      shrinkTrees({ maxMarginChange: 1e-3 }),
    ]);
    expect(steps[0]!.left.join()).toMatch(/rounding alone/);
  });
});
