import { SeededRandom } from '@headrace/kernel';
import {
  buildEnsembleModel,
  buildTreeModel,
  checkModel,
  compileClasses,
  compileTrees,
  type Tree,
  type TreeEnsemble,
} from '@headrace/onnx';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { median, type BenchResult } from './bench-result.js';

const features = 50;
const bins = 255;
const batches = [8, 32, 64] as const;

interface Shape {
  readonly trees: number;
  readonly depth: number;
  readonly rows: number;
  readonly rounds: number;
  /** The first features, this many, have 24 categories each instead of thresholds. */
  readonly categorical: number;
  /** Several classes share the trees and answer the softmax of their margins, one output per class. */
  readonly classes?: number;
}

const shapes: readonly Shape[] = [
  { trees: 300, depth: 6, rows: 8_192, rounds: 9, categorical: 0 },
  { trees: 300, depth: 6, rows: 4_096, rounds: 5, categorical: 10 },
  { trees: 1_000, depth: 8, rows: 2_048, rounds: 5, categorical: 0 },
  { trees: 300, depth: 6, rows: 4_096, rounds: 5, categorical: 0, classes: 3 },
];

/**
 * The compiled tree scorer beside onnxruntime in the same run, one thread each: 50 features, distinct rows in random order,
 * because repeated rows favour the branch predictor. Microseconds per row, the median of alternating rounds. The ratio is
 * onnxruntime / ours; with several rows, for the batch size that suits onnxruntime best.
 */
export async function benchScorer(): Promise<BenchResult[]> {
  const results: BenchResult[] = [];
  for (const shape of shapes) results.push(...(await benchShape(shape)));
  return results;
}

async function benchShape(shape: Shape): Promise<BenchResult[]> {
  const random = new SeededRandom(1);
  const { rows } = shape;
  const { scorer, bytes, outputs } = buildModel(random, shape);
  const values = Float32Array.from({ length: rows * features }, (_, index) => {
    if (random.next() < 0.02) return NaN;
    return index % features < shape.categorical ? random.integer(categories) : random.normal();
  });
  const session = await InferenceSession.create(bytes, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
  });
  const times = new Map<string, number[]>();
  const timed = async (name: string, run: () => void | Promise<void>): Promise<void> => {
    const started = performance.now();
    await run();
    times.set(name, [...(times.get(name) ?? []), ((performance.now() - started) * 1000) / rows]);
  };
  for (let round = 0; round < shape.rounds; round += 1) {
    for (const batch of [1, ...batches]) {
      const parts = Array.from({ length: rows / batch }, (_, part) =>
        values.subarray(part * batch * features, (part + 1) * batch * features),
      );
      const out = new Float32Array(batch);
      await timed(`compiled/${batch}`, () => {
        for (const part of parts) scorer.score(part, batch, out);
      });
      await timed(`onnxruntime/${batch}`, async () => {
        for (const part of parts) {
          await session.run({ features: new Tensor('float32', part, [batch, features]) }, outputs);
        }
      });
    }
  }
  await session.release();
  const microseconds = (name: string): number => median(times.get(name) ?? []);
  const best = batches.map((batch) => ({ batch, value: microseconds(`onnxruntime/${batch}`) }));
  const fastest = best.reduce((a, b) => (b.value < a.value ? b : a));
  const of = shape.classes === undefined ? '' : ` of ${shape.classes} classes`;
  const what = `scorer: ${shape.trees} trees${of} x depth ${shape.depth}${
    shape.categorical === 0 ? '' : `, ${shape.categorical} features by category`
  }`;
  const result = (name: string, value: number, reference: { name: string; value: number }): BenchResult => ({
    name: `${what}, ${name}`,
    value,
    unit: 'us/row',
    better: 'lower',
    reference,
  });
  return [
    result('one row at a time', microseconds('compiled/1'), {
      name: 'onnxruntime-node, one row at a time',
      value: microseconds('onnxruntime/1'),
    }),
    ...([32, 64] as const).map((batch) =>
      result(`${batch} rows at a time`, microseconds(`compiled/${batch}`), {
        name: `onnxruntime-node, ${fastest.batch} rows at a time (its best)`,
        value: fastest.value,
      }),
    ),
    { name: `${what}, memory`, value: scorer.bytes / 1_048_576, unit: 'MB', better: 'lower' },
  ];
}

interface BenchModel {
  readonly bytes: Uint8Array;
  readonly outputs: readonly string[];
  readonly scorer: {
    readonly bytes: number;
    score(features: Float32Array, rows: number, out: Float32Array): void;
  };
}

function buildModel(random: SeededRandom, shape: Shape): BenchModel {
  const { classes: count } = shape;
  if (count === undefined) {
    const ensemble = randomEnsemble(random, shape);
    return { bytes: buildTreeModel(ensemble), outputs: ['probability'], scorer: compileTrees(ensemble) };
  }
  const cuts = randomCuts(random);
  const classes = Array.from({ length: count }, (): TreeEnsemble => {
    const share = { ...shape, trees: shape.trees / count };
    return { ...randomEnsemble(random, share, cuts), link: 'identity' };
  });
  const bytes = buildEnsembleModel({
    featureNames: classes[0]?.featureNames ?? [],
    members: [
      {
        kind: 'classes',
        name: 'xgboost',
        weight: 1,
        classes,
        classNames: classes.map((_, index) => `class${index}`),
        positive: [0],
      },
    ],
  });
  const read = checkModel(bytes).classes;
  if (read === undefined) throw new Error('the classes were not recognised');
  const scorer = compileClasses(read);
  const answers = new Map<number, readonly Float32Array[]>();
  return {
    bytes,
    outputs: scorer.outputNames,
    scorer: {
      bytes: scorer.bytes,
      score(values, rows) {
        const outs = answers.get(rows) ?? scorer.outputNames.map(() => new Float32Array(rows));
        answers.set(rows, outs);
        scorer.score(values, rows, outs);
      },
    },
  };
}

const categories = 24;

/** As many distinct thresholds per feature as histogram training makes, shared by the trees of all classes. */
function randomCuts(random: SeededRandom): number[][] {
  return Array.from({ length: features }, () =>
    Array.from({ length: bins }, () => Math.fround(random.normal())),
  );
}

/** Complete trees over these thresholds. */
function randomEnsemble(
  random: SeededRandom,
  { trees, depth, categorical }: Shape,
  thresholds = randomCuts(random),
): TreeEnsemble {
  const inner = 2 ** depth - 1;
  const nodes = 2 * inner + 1;
  const someCategories = (): number[] => {
    const chosen = Array.from({ length: categories }, (_, category) => category).filter(
      () => random.next() < 0.3,
    );
    return chosen.length === 0 ? [0] : chosen;
  };
  const tree = (): Tree => {
    const feature = Int32Array.from({ length: nodes }, (_, node) =>
      node < inner ? random.integer(features) : -1,
    );
    return {
      feature,
      threshold: Float32Array.from(feature, (column) =>
        column < 0 ? 0 : (thresholds[column]?.[random.integer(bins)] ?? 0),
      ),
      yes: Int32Array.from(feature, (column, node) => (column < 0 ? 0 : 2 * node + 1)),
      no: Int32Array.from(feature, (column, node) => (column < 0 ? 0 : 2 * node + 2)),
      missingYes: Uint8Array.from(feature, (column) => (column >= 0 && random.next() < 0.5 ? 1 : 0)),
      value: Float32Array.from(feature, (column) => (column < 0 ? random.normal() * 0.1 : 0)),
      depth,
      ...(categorical > 0 && {
        categories: new Map(
          [...feature.keys()]
            .filter((node) => (feature[node] ?? -1) >= 0 && (feature[node] ?? -1) < categorical)
            .map((node) => [node, someCategories()]),
        ),
      }),
    };
  };
  return {
    featureNames: Array.from({ length: features }, (_, index) => `f${index}`),
    trees: Array.from({ length: trees }, tree),
    offset: 0,
    link: 'sigmoid',
  };
}
