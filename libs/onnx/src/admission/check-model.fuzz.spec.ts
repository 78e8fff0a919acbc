import { SeededRandom } from '@headrace/kernel';
import { describe, expect, it } from 'vitest';
import { buildEnsembleModel } from '../build/build-ensemble-model.js';
import { buildTreeModel } from '../build/build-tree-model.js';
import { checkModel, type CheckedModel } from './check-model.js';
import { compileClasses, selectOutput } from '../scorer/compile-classes.js';
import { compileTrees } from '../scorer/compile-trees.js';
import { type ProvableScorer } from '../scorer/prove-equal.js';
import { quantizeInt8 } from '../rewrite/quantize-int8.js';
import { rewriteModel } from '../rewrite/rewrite-model.js';
import { storeInt8 } from '../rewrite/store-int8.js';
import { randomLstm } from '../testing/lstm-by-hand.js';
import { mutateBytes, mutateGraph } from '../testing/mutate-model.js';
import { randomEnsemble } from '../testing/random-ensemble.js';
import { runInChild, type ChildModel } from '../testing/run-in-child.js';
import { ModelRefusedError, type TreeEnsemble } from '../trees/tree-ensemble.js';

const random = new SeededRandom(20_261_124);
const trees = randomEnsemble(random, { trees: 3, depth: 3, features: 4 });
const withCategories = randomEnsemble(random, { trees: 3, depth: 3, features: 4, categorical: 1, bins: 9 });
const margins: TreeEnsemble = { ...trees, link: 'identity' };
const lstm = randomLstm(random, { steps: 3, channels: 2, units: [3, 2] });

const ensemble = buildEnsembleModel({
  featureNames: trees.featureNames,
  members: [
    { kind: 'trees', name: 'xgboost', weight: 1, trees },
    { kind: 'lstm', name: 'lstm', weight: 1, lstm },
  ],
  calibration: { method: 'isotonic', scores: [0.2, 0.6, 0.7], probabilities: [0, 0.5, 1] },
});

/** One file of each kind that this library writes. */
const files: ReadonlyMap<string, Uint8Array> = new Map([
  ['trees', buildTreeModel(trees)],
  ['trees with categories', buildTreeModel(withoutEmptySets(withCategories))],
  ['trees beside an LSTM, calibrated', ensemble],
  ['trees beside an LSTM, computed in int8', rewriteModel(ensemble, [quantizeInt8({ minWeights: 1 })]).bytes],
  ['trees beside an LSTM, stored in int8', rewriteModel(ensemble, [storeInt8({ minWeights: 1 })]).bytes],
  [
    'classes',
    buildEnsembleModel({
      featureNames: trees.featureNames,
      members: [
        {
          kind: 'classes',
          name: 'xgboost',
          weight: 1,
          classes: [margins, { ...margins, offset: 0.5 }],
          classNames: ['low', 'high'],
          positive: [1],
        },
      ],
    }),
  ],
  [
    'classes beside a dense network',
    buildEnsembleModel({
      featureNames: trees.featureNames,
      members: [
        { kind: 'classes', name: 'xgboost', weight: 1, classes: [margins, margins, margins], positive: [2] },
        {
          kind: 'dense',
          name: 'dense',
          weight: 2,
          dense: {
            scaler: { mean: new Float32Array(4), scale: new Float32Array(4).fill(2) },
            layers: [
              {
                units: 3,
                kernel: new Float32Array(12).fill(0.5),
                bias: new Float32Array(3),
                activation: 'relu',
              },
              {
                units: 1,
                kernel: new Float32Array(3).fill(-1),
                bias: new Float32Array(1),
                activation: 'linear',
              },
            ],
          },
          calibration: { method: 'platt', slope: 2, intercept: 0.5 },
        },
      ],
    }),
  ],
]);

/** A split by category lists one at least. */
function withoutEmptySets(ensemble: TreeEnsemble): TreeEnsemble {
  return {
    ...ensemble,
    trees: ensemble.trees.map((tree) =>
      tree.categories === undefined
        ? tree
        : {
            ...tree,
            categories: new Map([...tree.categories].map(([node, set]) => [node, set.length ? set : [0]])),
          },
    ),
  };
}

const rounds = 150;
const rows = 3;

interface Passed {
  readonly model: CheckedModel;
  readonly inputs: ChildModel['inputs'];
}

/** Every damaged file is refused with the one error for that, or answered as checked. */
function passing(file: Uint8Array, source: SeededRandom): readonly Passed[] {
  const passed: Passed[] = [];
  for (let round = 0; round < rounds * 2; round += 1) {
    const mutate = round % 2 === 0 ? mutateBytes : mutateGraph;
    let model: CheckedModel;
    try {
      model = checkModel(mutate(file, source));
    } catch (error) {
      expect(error).toBeInstanceOf(ModelRefusedError);
      continue;
    }
    const inputs = model.inputs.map(({ name, shape }) => {
      const full = [rows, ...shape.slice(1)];
      const count = full.reduce((product, size) => product * size, 1);
      // Whole numbers for categories: XGBoost and the compiled scorer cut others off, onnxruntime compares them as they are.
      const step = model.operators.includes('TreeEnsemble') ? 1 : 0.05;
      const values = Float32Array.from({ length: count }, () =>
        source.next() < 0.1 ? NaN : Math.round((source.normal() * 2) / step) * step,
      );
      return { name, values, shape: full };
    });
    passed.push({ model, inputs });
  }
  return passed;
}

function scorerOf({ trees, classes }: CheckedModel): ProvableScorer | undefined {
  if (trees !== undefined) return compileTrees(trees);
  return classes === undefined ? undefined : selectOutput(compileClasses(classes), 'probability');
}

describe.each([...files])('damaged files of %s', (_, file) => {
  it('are refused, or run without bringing the process down, as the compiled scorer says', async () => {
    const passed = passing(file, new SeededRandom(7));
    const { outcomes, ended } = await runInChild(
      passed.map(({ model, inputs }) => ({ bytes: model.bytes, inputs })),
    );
    expect({ ended, tried: outcomes.length }).toEqual({ ended: 0, tried: passed.length });
    let compared = 0;
    for (const outcome of outcomes) {
      const { model, inputs } = passed[outcome.index]!;
      const scorer = scorerOf(model);
      if (scorer === undefined || outcome.outcome === 'refused') continue;
      const answers = new Float32Array(rows);
      scorer.score(inputs[0]!.values, rows, answers);
      compared += 1;
      for (const [row, answer] of answers.entries()) {
        const reference = outcome.probability[row] ?? NaN;
        expect(Math.abs(answer - reference)).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(answer)));
      }
    }
    expect(outcomes.filter(({ outcome }) => outcome === 'ran').length).toBeGreaterThan(10);
    if (scorerOf(checkModel(file)) !== undefined) expect(compared).toBeGreaterThan(10);
  }, 60_000);
});
