import { compileMargins, computeTolerance } from './compile-trees.js';
import { type ProvableScorer } from './prove-equal.js';
import { softmax, type TreeClasses } from '../trees/tree-classes.js';

/** Scores the classes of a model; see TreeScorer for rows, missing values and threads. */
export interface ClassScorer {
  readonly featureCount: number;
  /** Memory of the compiled model. */
  readonly bytes: number;
  /** The names of the outputs, in their order. */
  readonly outputNames: readonly string[];
  /** How far an answer may lie from one whose float32 sums were taken in another order. */
  tolerance(answer: number): number;
  /** Writes every output of each row, one array an output. */
  score(features: Float32Array, rows: number, outputs: readonly Float32Array[]): void;
}

/** Exponentials of two libraries differ in the last bits of a float32. */
const softmaxTolerance = 2e-6;

/**
 * Compiles a model of several classes: the trees of each class as compileTrees does, then the softmax of their margins. The
 * margins are XGBoost's bit for bit, and the shares too except for the last bit of an exponential.
 *
 * A share moves by at most half as much as a margin: its slope is p (1 - p), and the slopes of the other classes add up to the
 * same.
 */
export function compileClasses({ margins, outputs, featureNames }: TreeClasses): ClassScorer {
  const compiled = compileMargins(margins);
  const ofMargins = Math.max(...margins.map((ensemble) => computeTolerance(ensemble)(0)));
  const row = new Float32Array(margins.length);
  let columns = margins.map(() => new Float32Array(0));
  return {
    featureCount: featureNames.length,
    bytes: compiled.bytes,
    outputNames: outputs.map(({ name }) => name),
    tolerance: () => softmaxTolerance + ofMargins / 2,
    score(features, rows, answers) {
      if (answers.length !== outputs.length || answers.some((answer) => answer.length < rows)) {
        throw new RangeError(
          `${outputs.length} output${outputs.length === 1 ? '' : 's'} of ${rows} rows are written`,
        );
      }
      if ((columns[0]?.length ?? 0) < rows) columns = margins.map(() => new Float32Array(rows));
      compiled.margins(features, rows, columns);
      for (let place = 0; place < rows; place += 1) {
        for (const [index, column] of columns.entries()) row[index] = column[place] as number;
        softmax(row);
        for (const [index, { classes }] of outputs.entries()) {
          let share = 0;
          for (const one of classes) share = Math.fround(share + (row[one] as number));
          (answers[index] as Float32Array)[place] = share;
        }
      }
    },
  };
}

/** One output by itself, for proveEqual. */
export function selectOutput(scorer: ClassScorer, name: string): ProvableScorer {
  const index = scorer.outputNames.indexOf(name);
  return {
    featureCount: scorer.featureCount,
    tolerance: (answer) => scorer.tolerance(answer),
    score(features, rows, out) {
      const all = scorer.outputNames.map((_, place) => (place === index ? out : new Float32Array(rows)));
      scorer.score(features, rows, all);
    },
  };
}
