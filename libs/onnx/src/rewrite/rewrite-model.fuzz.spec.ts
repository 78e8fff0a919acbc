import { isAppError, SeededRandom } from '@headrace/kernel';
import { describe, expect, it } from 'vitest';
import { buildEnsembleModel } from '../build/build-ensemble-model.js';
import { intAttribute, intsAttribute } from '../build/attributes.js';
import { checkModel } from '../admission/check-model.js';
import { buildModel } from '../testing/apply-rewrite.js';
import { randomLstm } from '../testing/lstm-by-hand.js';
import { randomEnsemble } from '../testing/random-ensemble.js';
import { runGraph } from '../testing/run-in-onnxruntime.js';
import { foldConstants } from './fold-constants.js';
import { seededRows } from './measure-change.js';
import { mergeSubtrees } from './merge-subtrees.js';
import { pruneTrees } from './prune-trees.js';
import { pruneWeights } from './prune-weights.js';
import { quantizeInt8 } from './quantize-int8.js';
import { removeDeadCode } from './remove-dead-code.js';
import { rewriteModel } from './rewrite-model.js';
import { shrinkTrees } from './shrink-trees.js';
import { storeFloat16 } from './store-float16.js';
import { storeInt8 } from './store-int8.js';
import { sumTrees } from './sum-trees.js';

const random = new SeededRandom(31);
const trees = randomEnsemble(random, { trees: 3, depth: 3, features: 2, bins: 3 });

const files: readonly (readonly [string, Uint8Array])[] = [
  [
    'an ensemble of trees and an LSTM',
    buildEnsembleModel({
      featureNames: trees.featureNames,
      members: [
        { kind: 'trees', name: 'xgboost', weight: 1, trees },
        {
          kind: 'lstm',
          name: 'lstm',
          weight: 1,
          lstm: randomLstm(random, { steps: 3, channels: 2, units: [3] }),
        },
      ],
    }),
  ],
  [
    'a chain of constants',
    buildModel(4, (g) => {
      const x = g.floats('x', [2, 3], [1, 2, 3, 4, 5, 6]);
      const turned = g.node('Transpose', [x], 't', { attributes: [intsAttribute('perm', [1, 0])] });
      const some = g.node(
        'Slice',
        [turned, g.integers('b', [0]), g.integers('e', [2]), g.integers('a', [1])],
        's',
      );
      const picked = g.node('Gather', [some, g.integers('i', [0, 1, 1])], 'p', {
        attributes: [intAttribute('axis', 0)],
      });
      const two = g.node('Concat', [picked, picked], 'c', { attributes: [intAttribute('axis', 1)] });
      const square = g.node('Reshape', [two, g.integers('r', [4, -1])], 'q');
      const flat = g.node('Flatten', [g.node('Unsqueeze', [square, g.integers('u', [1])], 'v')], 'f');
      const wide = g.node('Add', [flat, g.node('Squeeze', [g.floats('o', [1, 1], [1])], 'o1')], 'w');
      return g.node(
        'MatMul',
        ['features', g.node('Where', [g.node('IsNaN', [wide], 'n'), wide, wide], 'h')],
        'm',
      );
    }),
  ],
];

const options = { minWeights: 1 };
const all = [
  [foldConstants(), removeDeadCode(), pruneTrees(), mergeSubtrees()],
  [sumTrees(), shrinkTrees({ maxMarginChange: 0.5 }), pruneWeights({ sparsity: 0.5, ...options })],
  [quantizeInt8(options)],
  [storeInt8(options)],
  [storeFloat16(options)],
];

/** An error that says what is wrong; anything else is a mistake of ours. */
function refusedOr<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (!isAppError(error)) throw error;
    return undefined;
  }
}

describe('rewriting damaged files', () => {
  it.each(files)('rewrites or refuses every damaged form of %s that passes admission', async (_, file) => {
    let rewritten = 0;
    let compared = 0;
    for (let round = 0; round < 400; round += 1) {
      const damaged = Buffer.from(file);
      for (let changes = 1 + random.integer(2); changes > 0; changes -= 1) {
        damaged[random.integer(damaged.length)] = random.integer(256);
      }
      if (refusedOr(() => checkModel(damaged)) === undefined) continue;
      for (const rewrites of all) {
        const made = refusedOr(() => rewriteModel(damaged, rewrites));
        if (made === undefined) continue;
        rewritten += 1;
        if (made.guarantee !== 'bit-identical') continue;
        // What onnxruntime does not run has no answers to keep.
        const rows = seededRows(checkModel(damaged), 3, new SeededRandom(round));
        const answers = await runGraph(damaged, rows.inputs).catch(() => undefined);
        if (answers === undefined) continue;
        expect(await runGraph(made.bytes, rows.inputs)).toEqual(answers);
        compared += 1;
      }
    }
    expect(rewritten).toBeGreaterThan(300);
    expect(compared).toBeGreaterThan(30);
  });
});
