import {
  buildAbsentSequence,
  type ClassScorer,
  type Proof,
  type TensorSpec,
  type TreeScorer,
} from '@headrace/onnx';
import { type GraphInput, type GraphSession } from './ports.js';

/** A model that was fetched, verified, checked, proved and warmed: it may answer. */
export interface LoadedModel {
  readonly modelName: string;
  readonly modelVersion: number;
  readonly digest: string;
  readonly featureNames: readonly string[];
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly scorer: 'compiled-trees' | 'onnxruntime';
  readonly proof: Proof;
  readonly loadMs: number;
  /** Every output of every row. */
  score(
    inputs: Readonly<Record<string, GraphInput>>,
    rows: number,
  ): Promise<ReadonlyMap<string, Float32Array>>;
  close(): Promise<void>;
}

/** Rows scored in one turn of the event loop; a larger request yields to others in between. */
const maxRowsPerSlice = 2_048;

/** Answers from the compiled trees, on this thread. All outputs of a tree model are the same column. */
export function scoreByTrees(scorer: TreeScorer, outputNames: readonly string[]): LoadedModel['score'] {
  return async (inputs, rows) => {
    const answers = new Float32Array(rows);
    await scoreInSlices(inputs, rows, scorer.featureCount, (features, from, until) => {
      scorer.score(features, until - from, answers.subarray(from, until));
    });
    return new Map(outputNames.map((name) => [name, answers]));
  };
}

/** Answers from the compiled trees of several classes, on this thread. */
export function scoreByClasses(scorer: ClassScorer): LoadedModel['score'] {
  return async (inputs, rows) => {
    const answers = scorer.outputNames.map(() => new Float32Array(rows));
    await scoreInSlices(inputs, rows, scorer.featureCount, (features, from, until) => {
      scorer.score(
        features,
        until - from,
        answers.map((answer) => answer.subarray(from, until)),
      );
    });
    return new Map(scorer.outputNames.map((name, index) => [name, answers[index] ?? new Float32Array(0)]));
  };
}

async function scoreInSlices(
  inputs: Readonly<Record<string, GraphInput>>,
  rows: number,
  columns: number,
  score: (features: Float32Array, from: number, until: number) => void,
): Promise<void> {
  const features = inputs['features']?.values ?? new Float32Array(0);
  for (let from = 0; from < rows; from += maxRowsPerSlice) {
    if (from > 0) await new Promise((resolve) => setImmediate(resolve));
    const until = Math.min(rows, from + maxRowsPerSlice);
    score(features.subarray(from * columns, until * columns), from, until);
  }
}

/** Rows of one run: larger batches gain nothing in onnxruntime. */
const maxRowsPerRun = 64;

/** Answers from a session of onnxruntime. An optional input that is not given is fed as absent. */
export function scoreBySession(
  session: GraphSession,
  specs: readonly TensorSpec[],
  outputNames: readonly string[],
): LoadedModel['score'] {
  const absent = specs.flatMap((spec) =>
    spec.optional === true ? [[spec.name, buildAbsentSequence(spec)] as const] : [],
  );
  return async (inputs, rows) => {
    const filled = Object.fromEntries(absent.filter(([name]) => inputs[name] === undefined));
    const answers = new Map(outputNames.map((name) => [name, new Float32Array(rows)]));
    for (let from = 0; from < rows; from += maxRowsPerRun) {
      const until = Math.min(rows, from + maxRowsPerRun);
      const part = await session.run({
        ...filled,
        ...Object.fromEntries(
          Object.entries(inputs).map(([name, { values, shape }]) => {
            const width = values.length / rows;
            return [
              name,
              { values: values.slice(from * width, until * width), shape: [until - from, ...shape.slice(1)] },
            ];
          }),
        ),
      });
      for (const [name, values] of part) answers.get(name)?.set(values, from);
    }
    return answers;
  };
}
