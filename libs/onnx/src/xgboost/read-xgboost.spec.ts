import { SeededRandom } from '@headrace/kernel';
import { describe, expect, it } from 'vitest';
import { buildEnsembleModel } from '../build/build-ensemble-model.js';
import { buildTreeModel } from '../build/build-tree-model.js';
import { checkModel } from '../admission/check-model.js';
import { compileClasses, selectOutput } from '../scorer/compile-classes.js';
import { compileTrees } from '../scorer/compile-trees.js';
import { proofRows, proveEqual } from '../scorer/prove-equal.js';
import { readXgboost, readXgboostClasses } from './read-xgboost.js';
import { readGoldenBoosters, type GoldenBooster } from '../testing/golden-boosters.js';
import { openInOnnxruntime } from '../testing/run-in-onnxruntime.js';
import { collectTrees } from '../trees/tree-classes.js';
import { buildLeafTree, computeMargin, type TreeEnsemble } from '../trees/tree-ensemble.js';

const goldens = readGoldenBoosters();
const hasClasses = ({ name }: GoldenBooster): boolean => name.includes('multi:');
const hasCategories = ({ name }: GoldenBooster): boolean => name.includes('categories');
/** An answer of the link and of the library may differ in the last bits of an exponential. */
const nearby = (expected: number): number => 3e-7 * Math.max(1, Math.abs(expected));

/** Here the logarithm of the machine that made the golden file is not the nearest float32; see baseMargins. */
const roundedUpByGlibc = /3\.(0\.5|2\.0): reg:logistic$/;
function withNextBase(ensemble: TreeEnsemble): TreeEnsemble {
  const [base, ...trees] = ensemble.trees;
  expect(base!.depth).toBe(0);
  const bits = new Int32Array(base!.value.slice().buffer);
  bits[0]! += 1;
  return { ...ensemble, trees: [buildLeafTree(new Float32Array(bits.buffer)[0]!), ...trees] };
}

describe.each(goldens.filter((golden) => !hasClasses(golden)))('a booster of $name', (golden) => {
  const ensemble = readXgboost(golden.model, golden.featureNames);
  const exact = roundedUpByGlibc.test(golden.name) ? withNextBase(ensemble) : ensemble;

  it('has the margins of the library, bit for bit', () => {
    const margins = new Float32Array(golden.rows);
    compileTrees(exact).margins(golden.features, golden.rows, margins);
    expect(margins).toEqual(golden.margins);
  });

  it('has the margins of the library when each row comes alone', () => {
    const scorer = compileTrees(exact);
    const one = new Float32Array(1);
    const columns = golden.featureNames.length;
    const margins = Float32Array.from(golden.margins, (_, row) => {
      scorer.margins(golden.features.subarray(row * columns, (row + 1) * columns), 1, one);
      return one[0] ?? NaN;
    });
    expect(margins).toEqual(golden.margins);
  });

  it('has its answers to within the last bits of an exponential', () => {
    const answers = new Float32Array(golden.rows);
    compileTrees(ensemble).score(golden.features, golden.rows, answers);
    for (const [row, answer] of answers.entries()) {
      expect(Math.abs(answer - golden.answers[row]!)).toBeLessThanOrEqual(nearby(golden.answers[row]!));
    }
  });

  it('is the same ensemble after it went through an ONNX file', () => {
    expect(checkModel(buildTreeModel(ensemble)).trees).toEqual(ensemble);
  });

  it('answers in onnxruntime what the compiled scorer answers', async () => {
    const run = await openInOnnxruntime(buildTreeModel(ensemble), golden.featureNames.length);
    const proof = await proveEqual(
      compileTrees(ensemble),
      run,
      proofRows(ensemble, 300, new SeededRandom(1)),
    );
    expect(proof.rows).toBe(300);
  });

  if (golden.ubj !== undefined) {
    it('is the same read from UBJ', () => {
      expect(readXgboost(golden.ubj!, golden.featureNames)).toEqual(ensemble);
    });
  }
});

describe.each(goldens.filter(hasClasses))('a booster of $name', (golden) => {
  it('has the margin of every class, bit for bit', () => {
    const classes = readXgboostClasses(golden.model, golden.featureNames);
    expect(classes).toHaveLength(3);
    const margins = Float32Array.from(golden.margins, (_, index) =>
      computeMargin(classes[index % 3]!, golden.features, Math.floor(index / 3)),
    );
    expect(margins).toEqual(golden.margins);
  });

  it('answers in one graph the probability of the classes that count', async () => {
    const classes = readXgboostClasses(golden.model, golden.featureNames);
    const bytes = buildEnsembleModel({
      featureNames: golden.featureNames,
      members: [{ kind: 'classes', name: 'xgboost', weight: 1, classes, positive: [1, 2] }],
    });
    const run = await openInOnnxruntime(checkModel(bytes).bytes, golden.featureNames.length);
    const answers = await run(golden.features, golden.rows);
    for (const [row, answer] of answers.entries()) {
      expect(Math.abs(answer - (1 - golden.answers[row * 3]!))).toBeLessThan(1e-6);
    }
  });

  it('answers the share of every class, from an ONNX file by the compiled scorer and by onnxruntime', async () => {
    const classes = readXgboostClasses(golden.model, golden.featureNames);
    const classNames = ['low', 'usual', 'high'];
    const bytes = buildEnsembleModel({
      featureNames: golden.featureNames,
      members: [{ kind: 'classes', name: 'xgboost', weight: 1, classes, classNames, positive: [1, 2] }],
    });
    const read = checkModel(bytes).classes!;
    expect(read).toEqual({
      featureNames: golden.featureNames,
      margins: classes,
      outputs: [
        { name: 'probability', classes: [1, 2] },
        { name: 'xgboost', classes: [1, 2] },
        ...classNames.map((name, index) => ({ name: `xgboost.${name}`, classes: [index] })),
      ],
    });
    const scorer = compileClasses(read);
    const outputs = scorer.outputNames.map(() => new Float32Array(golden.rows));
    scorer.score(golden.features, golden.rows, outputs);
    const shares = Float32Array.from(
      golden.answers,
      (_, index) => outputs[2 + (index % 3)]![Math.floor(index / 3)]!,
    );
    expect(shares).toEqual(golden.answers);
    const rows = proofRows(collectTrees(read), 300, new SeededRandom(1));
    for (const name of scorer.outputNames) {
      const run = await openInOnnxruntime(bytes, golden.featureNames.length, name);
      const proof = await proveEqual(selectOutput(scorer, name), run, rows);
      expect(proof.rows).toBe(300);
    }
  });
});

describe('readXgboost', () => {
  const golden = goldens.find(({ name }) => name.endsWith('3.2.0: binary:logistic'))!;
  const names = golden.featureNames;
  /** The booster with one entry of its JSON replaced; a path that is not there fails. */
  const changed = (path: string, value: unknown): object => {
    const copy = structuredClone(golden.model) as Record<string, unknown>;
    const keys = path.split('.');
    const last = keys.pop()!;
    const parent = keys.reduce((at, key) => {
      expect(at).toHaveProperty(key);
      return at[key] as Record<string, unknown>;
    }, copy);
    parent[last] = value;
    return copy;
  };

  it('reads text, bytes and objects alike', () => {
    const text = JSON.stringify(golden.model);
    expect(readXgboost(text, names)).toEqual(readXgboost(golden.model, names));
    expect(readXgboost(Buffer.from(text), names)).toEqual(readXgboost(golden.model, names));
  });

  it('reads the NaN that the library writes where a category splits, and no other', () => {
    const { model, featureNames } = goldens.find(hasCategories)!;
    const text = JSON.stringify(model);
    expect(text).toContain('"NaN"');
    expect(readXgboost(text.replaceAll('"NaN"', 'NaN'), featureNames)).toEqual(
      readXgboost(text, featureNames),
    );
    const conditions = changed('learner.gradient_booster.model.trees.0.split_conditions.0', 'NaN');
    expect(() => readXgboost(JSON.stringify(conditions).replaceAll('"NaN"', 'NaN'), names)).toThrow(
      /condition that is not finite at node 0/,
    );
  });

  it.each([
    ['5E-1', 0],
    ['[5E-1]', 0],
    [0.5, 0],
    ['[2E-1]', Math.fround(Math.log(0.25))],
  ])('begins with the margin of the base score %j', (written, margin) => {
    const { trees } = readXgboost(changed('learner.learner_model_param.base_score', written), names);
    expect(trees[0]!.depth === 0 ? trees[0]!.value[0] : 0).toBeCloseTo(margin, 6);
  });

  it('reads a tree whose pruned nodes lie in the arrays still', () => {
    const first = 'learner.gradient_booster.model.trees.0';
    const model = changed(`${first}.left_children`, [-1]);
    expect(readXgboost(model, names).trees.map(({ depth }) => depth)).toContain(0);
  });

  const tree = 'learner.gradient_booster.model.trees.0';
  const broken: readonly (readonly [string, string | Uint8Array | object, RegExp])[] = [
    ['text that is not JSON', 'not a booster', /neither JSON nor UBJ/],
    ['an empty object', {}, /no learner/],
    ['UBJ that is cut off', golden.ubj!.subarray(0, 100), /UBJ is broken/],
    ['dart', changed('learner.gradient_booster.name', 'dart'), /booster dart/],
    ['an objective it cannot answer for', changed('learner.objective.name', 'rank:ndcg'), /rank:ndcg/],
    ['several targets', changed('learner.learner_model_param.num_target', '2'), /several targets/],
    [
      'a base score that is not a number',
      changed('learner.learner_model_param.base_score', '[half]'),
      /base_score \[half\] is not a number/,
    ],
    [
      'more base scores than outputs',
      changed('learner.learner_model_param.base_score', '[5E-1,5E-1]'),
      /2 entries for 1/,
    ],
    ['vector leaves', changed(`${tree}.tree_param`, { size_leaf_vector: '3' }), /leaves of 3 values/],
    ['a child that is not there', changed(`${tree}.left_children.0`, 999), /node 999, which does not exist/],
    ['a cycle', changed(`${tree}.left_children.1`, 0), /reaches node 0 twice/],
    ['a feature that is not there', changed(`${tree}.split_indices.0`, 5), /feature 5 of 5/],
    ['an unknown kind of split', changed(`${tree}.split_type.0`, 2), /unknown split/],
    ['categories that are not listed', changed(`${tree}.split_type.0`, 1), /lists none/],
    [
      'a tree of an output that is not there',
      changed('learner.gradient_booster.model.tree_info.0', 7),
      /output 7/,
    ],
  ];
  it.each(broken)('refuses %s', (_, model, reason) => {
    expect(() => readXgboost(model, names)).toThrow(reason);
  });

  it('refuses names for another number of features', () => {
    expect(() => readXgboost(golden.model, ['a'])).toThrow(/5 features and 1 names/);
  });

  it('refuses a booster of classes where one answer is needed', () => {
    const classes = goldens.find(hasClasses)!;
    expect(() => readXgboost(classes.model, names)).toThrow(/3 outputs/);
    expect(() => readXgboostClasses(golden.model, names)).toThrow(/has no classes/);
  });

  it('decides categories as the library does: never seen, negative, between two', () => {
    const withCategories = goldens.filter(hasCategories);
    expect(withCategories.length).toBeGreaterThan(0);
    for (const { model, featureNames } of withCategories) {
      expect(readXgboost(model, featureNames).trees.some(({ categories }) => categories)).toBe(true);
    }
  });
});
