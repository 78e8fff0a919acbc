import { SeededRandom } from '@headrace/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildTreeModel } from '../build/build-tree-model.js';
import { compileTrees } from './compile-trees.js';
import { proofRows, proveEqual } from './prove-equal.js';
import { randomEnsemble } from '../testing/random-ensemble.js';
import { openInOnnxruntime } from '../testing/run-in-onnxruntime.js';
import { buildLeafTree, layOutTree, computeMargin, type TreeEnsemble } from '../trees/tree-ensemble.js';

fc.configureGlobal({ seed: 20261124 });

describe('compileTrees', () => {
  const shapes = fc.record({
    seed: fc.integer({ min: 0, max: 2 ** 31 }),
    trees: fc.integer({ min: 0, max: 9 }),
    depth: fc.integer({ min: 0, max: 14 }),
    features: fc.integer({ min: 1, max: 7 }),
    bins: fc.integer({ min: 1, max: 40 }),
    categorical: fc.integer({ min: 0, max: 3 }),
    rows: fc.integer({ min: 0, max: 70 }),
  });

  it('equals plain walking in every bit, for every shape and block, with missing and infinite values', () => {
    fc.assert(
      fc.property(shapes, ({ seed, rows, ...shape }) => {
        const random = new SeededRandom(seed);
        const ensemble = randomEnsemble(random, { ...shape, ragged: shape.depth > 6 ? 0.4 : 0.2 });
        const features = proofRows(ensemble, rows, random);
        const margins = new Float32Array(rows);
        compileTrees(ensemble).margins(features, rows, margins);
        const expected = Float32Array.from({ length: rows }, (_, row) =>
          computeMargin(ensemble, features, row),
        );
        expect(margins).toEqual(expected);
      }),
      { numRuns: 150 },
    );
  });

  // From 256 thresholds of one feature, or 63 categories, ranks and tables do not fit the lanes.
  it.each([
    { what: '255 thresholds of a feature', bins: 255, categorical: 0 },
    { what: '256 thresholds of a feature', bins: 256, categorical: 0 },
    { what: '61 categories', bins: 61, categorical: 1 },
    { what: '62 categories', bins: 62, categorical: 1 },
    { what: '63 categories', bins: 63, categorical: 1 },
  ])('equals plain walking with $what, whatever the number of rows', ({ bins, categorical }) => {
    const random = new SeededRandom(bins);
    const ensemble = randomEnsemble(random, {
      trees: 41,
      depth: 7,
      features: 2,
      bins,
      categorical,
      ragged: 0.1,
    });
    const rows = 33;
    const features = proofRows(ensemble, rows, random);
    const scorer = compileTrees(ensemble);
    const expected = Float32Array.from({ length: rows }, (_, row) => computeMargin(ensemble, features, row));
    for (let some = 0; some <= rows; some += 1) {
      const margins = new Float32Array(some);
      scorer.margins(features, some, margins);
      expect(margins).toEqual(expected.subarray(0, some));
    }
  });

  it('keeps the splits of a feature by threshold and by category apart', () => {
    const leaf = (value: number) => ({
      feature: -1,
      threshold: 0,
      yes: 0,
      no: 0,
      missingYes: false,
      value,
    });
    const split = { feature: 0, missingYes: true, value: 0 };
    const nodes = new Map([
      [0, { ...split, threshold: -2, yes: 1, no: 2 }],
      [1, leaf(1)],
      [2, { ...split, threshold: 0, yes: 3, no: 4 }],
      [3, leaf(2)],
      [4, { ...split, threshold: 0, yes: 5, no: 6, categories: [3] }],
      [5, leaf(4)],
      [6, leaf(8)],
    ]);
    const ensemble: TreeEnsemble = {
      featureNames: ['x'],
      trees: [layOutTree('mixed', nodes, 0, 8)],
      offset: 0,
      link: 'identity',
    };
    const out = new Float32Array(4);
    compileTrees(ensemble).margins(Float32Array.of(-3, -1, 3, 7), 4, out);
    expect([...out]).toEqual([1, 2, 8, 4]);
    const one = new Float32Array(1);
    compileTrees(ensemble).margins(Float32Array.of(3), 1, one);
    expect([...one]).toEqual([8]);
  });

  it('walks trees that are too deep to be completed', () => {
    const nodes = new Map(
      Array.from({ length: 101 }, (_, index) => [
        index,
        index % 2 === 1 || index === 100
          ? { feature: -1, threshold: 0, yes: 0, no: 0, missingYes: false, value: index }
          : { feature: 0, threshold: index, yes: index + 1, no: index + 2, missingYes: index < 40, value: 0 },
      ]),
    );
    const ensemble: TreeEnsemble = {
      featureNames: ['x'],
      trees: [buildLeafTree(0.5), layOutTree('deep', nodes, 0, 64)],
      offset: 0.25,
      link: 'identity',
    };
    const out = new Float32Array(4);
    compileTrees(ensemble).score(Float32Array.of(-1, 9, 1000, NaN), 4, out);
    // -1 < 0: leaf 1. 9 is not below 0, 2, .. 8 and below 10: leaf 11. Missing goes to `yes` at once.
    expect([...out]).toEqual([1.75, 11.75, 100.75, 1.75]);
  });

  it('says what is missing when the rows do not fit their arrays', () => {
    const scorer = compileTrees(randomEnsemble(new SeededRandom(1), { trees: 1, depth: 2, features: 3 }));
    expect(() => scorer.score(new Float32Array(5), 2, new Float32Array(2))).toThrow(/2 rows need 6 features/);
  });
});

describe('proveEqual', () => {
  const ensemble = randomEnsemble(new SeededRandom(3), { trees: 20, depth: 4, features: 5 });
  const rows = proofRows(ensemble, 100, new SeededRandom(4));

  it('refuses a scorer whose answers are those of another model', async () => {
    const other = randomEnsemble(new SeededRandom(9), { trees: 20, depth: 4, features: 5 });
    const run = await openInOnnxruntime(buildTreeModel(other), 5);
    await expect(proveEqual(compileTrees(ensemble), run, rows)).rejects.toMatchObject({
      code: 'ONNX_SCORERS_DIFFER',
    });
  });

  it.each([1, 5])('refuses a scorer that is wrong when it is asked for %i rows', async (wrong) => {
    const scorer = compileTrees(ensemble);
    const run = await openInOnnxruntime(buildTreeModel(ensemble), 5);
    const sometimes: typeof scorer = {
      ...scorer,
      score(features, count, out) {
        scorer.score(features, count, out);
        if (count === wrong) out[0] = (out[0] ?? 0) + 0.01;
      },
    };
    await expect(proveEqual(scorer, run, rows)).resolves.toMatchObject({ rows: 100 });
    await expect(proveEqual(sometimes, run, rows)).rejects.toMatchObject({ code: 'ONNX_SCORERS_DIFFER' });
  });

  it('refuses an answer that is not a number', async () => {
    const run = (): Float32Array => new Float32Array(100).fill(NaN);
    await expect(proveEqual(compileTrees(ensemble), run, rows)).rejects.toMatchObject({ row: 0 });
  });

  it('proves regressions of large values and sums of many trees, and still sees one wrong leaf', async () => {
    const many = randomEnsemble(new SeededRandom(5), { trees: 800, depth: 4, features: 5 });
    const large: TreeEnsemble = { ...many, link: 'identity', trees: [buildLeafTree(40_000), ...many.trees] };
    for (const [model, mistake] of [
      [many, 0.1],
      [large, 1],
    ] as const) {
      const run = await openInOnnxruntime(buildTreeModel(model), 5);
      expect((await proveEqual(compileTrees(model), run, rows)).rows).toBe(100);
      const last = model.trees.at(-1)!;
      const wrong = { ...last, value: last.value.map((value) => value + mistake) };
      const scorer = compileTrees({ ...model, trees: [...model.trees.slice(0, -1), wrong] });
      await expect(proveEqual(scorer, run, rows)).rejects.toMatchObject({ code: 'ONNX_SCORERS_DIFFER' });
    }
  });

  it('proves nothing with no rows', async () => {
    const run = (): Float32Array => new Float32Array(0);
    await expect(proveEqual(compileTrees(ensemble), run, new Float32Array(0))).rejects.toMatchObject({
      code: 'ONNX_SCORERS_DIFFER',
    });
  });
});
