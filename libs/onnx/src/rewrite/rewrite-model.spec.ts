import { SeededRandom } from '@headrace/kernel';
import { describe, expect, it } from 'vitest';
import { buildTreeModel } from '../build/build-tree-model.js';
import { checkModel } from '../admission/check-model.js';
import { ModelRefusedError } from '../trees/tree-ensemble.js';
import { decodeModel, encodeModel, buildModel } from '../testing/apply-rewrite.js';
import { randomEnsemble } from '../testing/random-ensemble.js';
import { runGraph } from '../testing/run-in-onnxruntime.js';
import { measureChange, seededRows, type RunModel } from './measure-change.js';
import { pruneTrees } from './prune-trees.js';
import { removeDeadCode } from './remove-dead-code.js';
import { type Rewrite, RewriteRefusedError } from './rewrite.js';
import { rewriteModel } from './rewrite-model.js';

const bytes = buildTreeModel(
  randomEnsemble(new SeededRandom(2), { trees: 4, depth: 4, features: 3, bins: 3 }),
  {
    metadata: { trainingSetDigest: 'sha256:00' },
  },
);
const run: RunModel = (file, { inputs }) => runGraph(file, inputs);

/** A rewrite that does `change` to a copy. */
function broken(change: (model: ReturnType<typeof decodeModel>) => void): Rewrite {
  return {
    name: 'broken',
    guarantee: 'bit-identical',
    apply(model) {
      const copy = decodeModel(encodeModel(model));
      change(copy);
      return { model: copy, changes: { broken: 1 }, left: [] };
    },
  };
}

describe('rewriteModel', () => {
  it('reports each step, and keeps inputs, outputs, feature names and metadata', () => {
    const { bytes: after, steps, ...sizes } = rewriteModel(bytes, [removeDeadCode(), pruneTrees()]);
    expect(sizes).toEqual({
      guarantee: 'bit-identical',
      bytesBefore: bytes.length,
      bytesAfter: after.length,
    });
    expect(steps.map(({ rewrite }) => rewrite)).toEqual(['remove-dead-code', 'prune-trees']);
    expect(steps[0]!.bytesAfter).toBe(steps[1]!.bytesBefore);
    const signature = (file: Uint8Array): unknown => {
      const { inputs, outputs, featureNames, metadata } = checkModel(file);
      return { inputs, outputs, featureNames, metadata };
    };
    expect(signature(after)).toEqual(signature(bytes));
  });

  it('changes nothing without rewrites, and does not touch what it was given', () => {
    const before = Uint8Array.from(bytes);
    expect(rewriteModel(bytes, []).bytes).toEqual(bytes);
    rewriteModel(bytes, [removeDeadCode(), pruneTrees()]);
    expect(Uint8Array.from(bytes)).toEqual(before);
  });

  it('refuses a model that admission refuses', () => {
    expect(() => rewriteModel(Buffer.from('no model'), [])).toThrow(ModelRefusedError);
    const model = decodeModel(bytes);
    model.graph!.node![0]!.domain = 'their.own';
    expect(() => rewriteModel(encodeModel(model), [])).toThrow(/their.own/);
  });

  it.each([
    ['the metadata', (model: ReturnType<typeof decodeModel>) => model.metadataProps.pop()],
    ['the outputs', (model: ReturnType<typeof decodeModel>) => model.graph!.output!.pop()],
  ])('refuses a rewrite that changes %s', (_, change) => {
    expect(() => rewriteModel(bytes, [broken(change)])).toThrow();
  });
});

describe('measureChange', () => {
  const rows = seededRows(checkModel(bytes), 50, new SeededRandom(1));

  it('measures where and how far answers move', async () => {
    const moved: RunModel = async (file, given) => {
      const answers = await run(file, given);
      if (file === bytes) return answers;
      return {
        ...answers,
        probability: Array.from(answers['probability']!, (p, row) => (row === 7 ? p + 0.25 : p)),
      };
    };
    const rewritten = { ...rewriteModel(bytes, [pruneTrees()]), guarantee: 'measured' as const };
    expect(await measureChange(bytes, rewritten, rows, moved)).toMatchObject({
      rows: 50,
      maxOutputChange: expect.closeTo(0.25, 7) as number,
      meanOutputChange: expect.closeTo(0.005, 7) as number,
      maxChangeAt: { output: 'probability', row: 7 },
    });
  });

  it('calls an answer that is lost a change of Infinity, and NaN on both sides none', async () => {
    const lost: RunModel = async (file, given) => {
      const answers = await run(file, given);
      const probability = Array.from(answers['probability']!, (p, row) =>
        row === 0 || (row === 1 && file !== bytes) ? NaN : p,
      );
      return { ...answers, probability };
    };
    const rewritten = { ...rewriteModel(bytes, [pruneTrees()]), guarantee: 'measured' as const };
    expect(await measureChange(bytes, rewritten, rows, lost)).toMatchObject({
      maxOutputChange: Infinity,
      maxChangeAt: { output: 'probability', row: 1 },
    });
  });

  it('refuses a rewrite that guarantees identical bits and changes answers', async () => {
    const liar = broken((model) => {
      const weights = model.graph!.node![0]!.attribute!.find(({ name }) => name === 'target_weights')!;
      weights.floats = weights.floats!.map((value) => value * 1.001);
    });
    await expect(measureChange(bytes, rewriteModel(bytes, [liar]), rows, run)).rejects.toThrow(
      /guarantees identical bits/,
    );
  });

  it('refuses to measure nothing', async () => {
    const none = seededRows(checkModel(bytes), 0, new SeededRandom(1));
    await expect(measureChange(bytes, rewriteModel(bytes, []), none, run)).rejects.toThrow(
      RewriteRefusedError,
    );
  });

  it('answers the same rows for the same seed, and rows of the sequence too', () => {
    const model = checkModel(buildModel(4, () => 'features'));
    expect(seededRows(model, 6, new SeededRandom(5))).toEqual(seededRows(model, 6, new SeededRandom(5)));
    expect(seededRows(model, 6, new SeededRandom(5)).inputs['features']!.shape).toEqual([6, 4]);
  });
});
