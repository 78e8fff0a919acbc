import { SeededRandom } from '@headrace/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildTreeModel } from '../build/build-tree-model.js';
import { layOutTree, type Tree, type TreeNode } from '../trees/tree-ensemble.js';
import { readTreeEnsemble } from '../admission/check-model.js';
import { decodeModel, encodeModel, rewriteAndMeasure } from '../testing/apply-rewrite.js';
import { randomEnsemble } from '../testing/random-ensemble.js';
import { runGraph } from '../testing/run-in-onnxruntime.js';
import { mergeSubtrees } from './merge-subtrees.js';
import { pruneTrees } from './prune-trees.js';
import { rewriteModel } from './rewrite-model.js';
import { readTrees } from './tree-node.js';

type Sketch = number | { f?: number; at: number; missing?: 'yes' | 'no'; yes: Sketch; no: Sketch };

/** A tree as it is drawn: `x[f] < at ? yes : no`. */
function tree(sketch: Sketch): Tree {
  const nodes = new Map<number, TreeNode>();
  const add = (part: Sketch): number => {
    const id = nodes.size;
    const leaf = { feature: -1, threshold: 0, yes: 0, no: 0, missingYes: false, value: 0 };
    nodes.set(id, leaf);
    nodes.set(
      id,
      typeof part === 'number'
        ? { ...leaf, value: part }
        : {
            ...leaf,
            feature: part.f ?? 0,
            threshold: part.at,
            missingYes: part.missing === 'yes',
            yes: add(part.yes),
            no: add(part.no),
          },
    );
    return id;
  };
  add(sketch);
  return layOutTree('a drawn tree', nodes, 0, 20);
}

function modelWith(...sketches: readonly Sketch[]): Uint8Array {
  return buildTreeModel({ featureNames: ['a', 'b'], trees: sketches.map(tree), offset: 0, link: 'identity' });
}

function nodesAfter(bytes: Uint8Array, rewrite = pruneTrees()): readonly number[] {
  return readTreeEnsemble(rewriteModel(bytes, [rewrite]).bytes).trees.map(({ feature }) => feature.length);
}

describe('pruneTrees', () => {
  it('removes the side that no number reaches, when a missing value does not come there either', () => {
    // x < 3 leaves nothing for x >= 5; the missing value goes right at the root.
    const inside: Sketch = { at: 5, yes: 1, no: 2 };
    expect(nodesAfter(modelWith({ at: 3, missing: 'no', yes: inside, no: 3 }))).toEqual([3]);
    // Here the missing value comes along and goes to 2.
    expect(nodesAfter(modelWith({ at: 3, missing: 'yes', yes: inside, no: 3 }))).toEqual([5]);
  });

  it('keeps a split at the border only where something arrives', () => {
    // x < 3 and then x < 3 again: nothing for the second no. x >= 3 or missing and x < 3: nothing for yes.
    expect(
      nodesAfter(modelWith({ at: 3, yes: { at: 3, yes: 1, no: 2 }, no: { at: 3, yes: 3, no: 4 } })),
    ).toEqual([3]);
    expect(
      nodesAfter(modelWith({ at: 3, missing: 'yes', yes: { at: 3, missing: 'yes', yes: 1, no: 2 }, no: 4 })),
    ).toEqual([3]);
  });

  it('keeps intervals of different features apart', () => {
    expect(nodesAfter(modelWith({ at: 3, yes: { f: 1, at: 5, yes: 1, no: 2 }, no: 3 }))).toEqual([5]);
  });

  it('replaces a split between equal leaves, and then the split above it', () => {
    expect(nodesAfter(modelWith({ at: 3, yes: { f: 1, at: 5, yes: 1, no: 1 }, no: 1 }))).toEqual([1]);
  });

  it('replaces a split between equal subtrees and keeps zeros of different sign apart', () => {
    const same: Sketch = { f: 1, at: 5, yes: 1, no: 2 };
    expect(nodesAfter(modelWith({ at: 3, yes: same, no: { ...same } }))).toEqual([3]);
    expect(nodesAfter(modelWith({ at: 3, yes: same, no: { ...same, missing: 'yes' } }))).toEqual([7]);
    expect(nodesAfter(modelWith({ at: 3, yes: 0, no: -0 }))).toEqual([3]);
  });

  it('keeps every tree in its place, also one that became a leaf', () => {
    expect(nodesAfter(modelWith({ at: 3, yes: 1, no: 1 }, { at: 1, yes: 1, no: 2 }))).toEqual([1, 3]);
  });

  it('merges alone what pruning would merge', () => {
    const same: Sketch = { at: 5, yes: 1, no: 2 };
    const model = modelWith({ at: 3, yes: same, no: same });
    expect(nodesAfter(model, mergeSubtrees())).toEqual([3]);
    expect(nodesAfter(model)).toEqual([5]);
  });

  it('is bit-identical on random trees with few thresholds, on and beside them, and changes nothing twice', async () => {
    let removed = 0;
    for (let seed = 1; seed <= 5; seed += 1) {
      const ensemble = randomEnsemble(new SeededRandom(seed), {
        trees: 8,
        depth: 6,
        features: 3,
        bins: 4,
        ragged: 0.1,
      });
      const bytes = buildTreeModel(ensemble);
      const { measured, steps, bytes: once } = await rewriteAndMeasure(bytes, [pruneTrees()], 500);
      expect(measured).toMatchObject({ maxOutputChange: 0, rows: 500 });
      removed += steps[0]!.changes['unreachableNodes'] ?? 0;
      expect(rewriteModel(once, [pruneTrees(), mergeSubtrees()]).bytes).toEqual(once);
    }
    expect(removed).toBeGreaterThan(50);
  });

  it('answers every row with the same leaf for thresholds and values of any kind', async () => {
    const number = fc.constantFrom(-Infinity, -1, -0, 0, 1, 2, Infinity, NaN);
    const sketch = fc.letrec<{ part: Sketch }>((again) => ({
      part: fc.oneof(
        { maxDepth: 5, withCrossShrink: true },
        fc.constantFrom(1, 2),
        fc.record({
          f: fc.constantFrom(0, 1),
          at: fc.constantFrom(-1, 0, 1, 2),
          missing: fc.constantFrom('yes' as const, 'no' as const),
          yes: again('part'),
          no: again('part'),
        }),
      ),
    })).part;
    await fc.assert(
      fc.asyncProperty(
        sketch,
        fc.array(fc.tuple(number, number), { minLength: 20, maxLength: 20 }),
        async (drawn, rows) => {
          const bytes = modelWith(drawn);
          const inputs = { features: { values: Float32Array.from(rows.flat()), shape: [rows.length, 2] } };
          const after = rewriteModel(bytes, [pruneTrees()]).bytes;
          expect(await runGraph(after, inputs)).toEqual(await runGraph(bytes, inputs));
        },
      ),
      { numRuns: 60, seed: 11 },
    );
  });

  it('holds for several targets, every aggregate function and the other comparisons', async () => {
    const bytes = buildTreeModel(
      randomEnsemble(new SeededRandom(3), { trees: 5, depth: 5, features: 2, bins: 3 }),
    );
    for (const aggregate of ['SUM', 'AVERAGE', 'MIN', 'MAX']) {
      for (const mode of ['BRANCH_LT', 'BRANCH_LEQ', 'BRANCH_GT', 'BRANCH_GTE']) {
        const model = decodeModel(bytes);
        const node = model.graph!.node!.find(({ opType }) => opType === 'TreeEnsembleRegressor')!;
        const attribute = (name: string) => node.attribute!.find((one) => one.name === name)!;
        attribute('aggregate_function').s = Buffer.from(aggregate);
        attribute('n_targets').i = 2;
        attribute('nodes_modes').strings = attribute('nodes_modes').strings!.map((one) =>
          Buffer.from(one).toString() === 'LEAF' ? one : Buffer.from(mode),
        );
        attribute('target_ids').ints = attribute('target_ids').ints!.map((_, index) => index % 2);
        const { model: after, changes } = pruneTrees().apply(model);
        expect(changes['unreachableNodes']).toBeGreaterThan(0);
        const grid = [-Infinity, -1, -0.5, 0, 0.5, 1, NaN];
        const values = Float32Array.from(grid.flatMap((x) => grid.flatMap((y) => [x, y])));
        const inputs = { features: { values, shape: [49, 2] } };
        expect(await runGraph(encodeModel(after), inputs)).toEqual(
          await runGraph(encodeModel(model), inputs),
        );
      }
    }
  });

  it('leaves trees alone that it does not read, and says why', () => {
    const model = decodeModel(modelWith({ at: 3, yes: 1, no: 1 }));
    const node = model.graph!.node![0]!;
    node.attribute!.find(({ name }) => name === 'nodes_truenodeids')!.ints![0] = 0;
    expect(readTrees(node)).toMatch(/missing or shared/);
    const result = pruneTrees().apply(model);
    expect(result.model).toBe(model);
    expect(result.left.join()).toMatch(/missing or shared/);
  });
});
