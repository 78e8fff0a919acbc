import { SeededRandom } from '@headrace/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildTreeModel } from '../build/build-tree-model.js';
import { readTreeEnsemble } from '../admission/check-model.js';
import { compileTrees } from '../scorer/compile-trees.js';
import { readXgboost } from '../xgboost/read-xgboost.js';
import { decodeModel, encodeModel, rewriteAndMeasure } from '../testing/apply-rewrite.js';
import { readGoldenBoosters } from '../testing/golden-boosters.js';
import { randomEnsemble } from '../testing/random-ensemble.js';
import {
  layOutTree,
  buildLeafTree,
  computeMargin,
  type Tree,
  type TreeEnsemble,
  type TreeNode,
} from '../trees/tree-ensemble.js';
import { pruneTrees } from './prune-trees.js';
import { rewriteModel } from './rewrite-model.js';
import { sumTrees } from './sum-trees.js';

fc.configureGlobal({ seed: 20261124 });

/** x < threshold ? yes : no */
function stump(threshold: number, yes: number, no: number, missingYes = false): Tree {
  const leaf = { feature: -1, threshold: 0, yes: 0, no: 0, missingYes: false };
  const nodes = new Map<number, TreeNode>([
    [0, { feature: 0, threshold, yes: 1, no: 2, missingYes, value: 0 }],
    [1, { ...leaf, value: yes }],
    [2, { ...leaf, value: no }],
  ]);
  return layOutTree('a stump', nodes, 0, 1);
}

const model = (...trees: TreeEnsemble['trees']): Uint8Array =>
  buildTreeModel({ featureNames: ['x'], trees, offset: 0, link: 'identity' });

function summed(bytes: Uint8Array): {
  readonly leaves: readonly (readonly number[])[];
  readonly changes: Readonly<Record<string, number>>;
  readonly left: readonly string[];
} {
  const { bytes: after, steps } = rewriteModel(bytes, [sumTrees()]);
  const { trees } = readTreeEnsemble(after);
  return {
    leaves: trees.map(({ feature, value }) => [...value].filter((_, node) => feature[node]! < 0)),
    changes: steps[0]!.changes,
    left: steps[0]!.left,
  };
}

describe('sumTrees', () => {
  it('adds the leaves of trees that split alike, at the place of the first', () => {
    const { leaves, changes } = summed(
      model(buildLeafTree(0.5), stump(1, 1, 2), stump(2, 8, 16), stump(1, 0.25, 4), buildLeafTree(-2)),
    );
    expect(leaves).toEqual([[-1.5], [1.25, 6], [8, 16]]);
    expect(changes).toMatchObject({ summedTrees: 2, removedNodes: 4 });
  });

  it('keeps trees apart that differ in a threshold, its sign of zero, or the way of a missing value', () => {
    const trees = [stump(0, 1, 2), stump(-0, 1, 2), stump(1, 1, 2), stump(1, 1, 2, true)];
    expect(summed(model(...trees))).toEqual({
      leaves: [
        [1, 2],
        [1, 2],
        [1, 2],
        [1, 2],
      ],
      changes: {},
      left: [],
    });
  });

  it('bounds what the rounding of the sums moves', () => {
    // 1 + 2^-30 is 1 in float32: that leaf moves by 2^-30. Float32 sums of two such trees may lie 2 g S apart besides.
    const { leaves, changes } = summed(model(stump(1, 1, 0), stump(1, 2 ** -30, 0)));
    expect(leaves).toEqual([[1, 0]]);
    const terms = 3 * 2 ** -24;
    const rounding = (2 * (1 + 2 ** -30) * terms) / (1 - terms);
    expect(changes['marginBound']).toBeCloseTo(rounding + 2 ** -30, 15);
    expect(changes['marginBound']).toBeGreaterThan(rounding + 2 ** -31);
  });

  it('leaves trees alone whose leaves add up to more than float32 holds, and trees that are not summed', () => {
    const huge = summed(model(stump(1, 3e38, 0), stump(1, 3e38, 0)));
    expect(huge.leaves).toHaveLength(2);
    expect(huge.left).toEqual([expect.stringContaining('beyond float32')]);
    const averaged = decodeModel(model(stump(1, 1, 2), stump(1, 1, 2)));
    const aggregate = averaged.graph!.node![0]!.attribute!.find(({ name }) => name === 'aggregate_function');
    aggregate!.s = Buffer.from('AVERAGE');
    expect(sumTrees().apply(decodeModel(encodeModel(averaged))).left).toEqual([
      expect.stringContaining('its trees are not summed'),
    ]);
  });

  it('moves no margin further than the bound that it reports, and changes nothing twice', () => {
    const shapes = fc.record({
      seed: fc.integer({ min: 0, max: 2 ** 31 }),
      trees: fc.integer({ min: 1, max: 60 }),
      depth: fc.integer({ min: 0, max: 3 }),
      bins: fc.integer({ min: 1, max: 3 }),
    });
    fc.assert(
      fc.property(shapes, ({ seed, ...shape }) => {
        const random = new SeededRandom(seed);
        const ensemble: TreeEnsemble = {
          ...randomEnsemble(random, { ...shape, features: 2, ragged: 0.2 }),
          link: 'identity',
        };
        const { bytes, steps } = rewriteModel(buildTreeModel(ensemble), [sumTrees()]);
        const after = readTreeEnsemble(bytes);
        const { summedTrees = 0, marginBound = 0 } = steps[0]!.changes;
        expect(after.trees).toHaveLength(ensemble.trees.length - summedTrees);
        const rows = 20;
        const features = Float32Array.from({ length: rows * 2 }, () =>
          random.next() < 0.1 ? NaN : random.normal(),
        );
        for (let row = 0; row < rows; row += 1) {
          expect(
            Math.abs(computeMargin(after, features, row) - computeMargin(ensemble, features, row)),
          ).toBeLessThanOrEqual(marginBound);
        }
        expect(rewriteModel(bytes, [sumTrees()]).steps[0]!.changes).toEqual({});
      }),
      { numRuns: 100 },
    );
  });

  it.each([
    { depth: 1, before: 121, after: 57, bytes: [9_568, 5_277] },
    { depth: 2, before: 121, after: 102, bytes: [15_684, 14_103] },
  ])(
    'makes $after trees of the $before of a real booster of depth $depth',
    async ({ depth, before, after, bytes }) => {
      const golden = readGoldenBoosters().find(({ name }) => name.endsWith(`depth ${depth}`))!;
      const ensemble = readXgboost(golden.model, golden.featureNames);
      expect(ensemble.trees).toHaveLength(before);
      const margins: TreeEnsemble = { ...ensemble, link: 'identity' };
      const file = buildTreeModel(margins);
      const rewritten = await rewriteAndMeasure(file, [pruneTrees(), sumTrees()]);
      const smaller = readTreeEnsemble(rewritten.bytes);
      expect(smaller.trees).toHaveLength(after);
      expect([rewritten.bytesBefore, rewritten.bytesAfter]).toEqual(bytes);
      const bound = rewritten.steps[1]!.changes['marginBound']!;
      expect(bound).toBeLessThan(3e-4);
      expect(rewritten.measured.maxOutputChange).toBeLessThanOrEqual(bound);
      const out = new Float32Array(golden.rows);
      compileTrees(smaller).margins(golden.features, golden.rows, out);
      for (const [row, margin] of out.entries()) {
        expect(Math.abs(margin - golden.margins[row]!)).toBeLessThanOrEqual(bound);
      }
    },
  );
});
