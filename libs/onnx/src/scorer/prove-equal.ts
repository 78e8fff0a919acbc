import { AppError, type Random } from '@headrace/kernel';
import { type TreeEnsemble } from '../trees/tree-ensemble.js';

/** Runs the same model in onnxruntime and returns the answer of each row. */
export type ReferenceRun = (features: Float32Array, rows: number) => Promise<Float32Array> | Float32Array;

/** What `proveEqual` needs of a scorer. */
export interface ProvableScorer {
  readonly featureCount: number;
  /** See TreeScorer. */
  tolerance(answer: number): number;
  score(features: Float32Array, rows: number, out: Float32Array): void;
}

export interface Proof {
  readonly rows: number;
  readonly largestDifference: number;
}

export class ScorersDifferError extends AppError {
  readonly code = 'ONNX_SCORERS_DIFFER';
  readonly kind = 'invalid';

  constructor(
    readonly row: number,
    readonly answer: number,
    readonly reference: number,
  ) {
    super(
      `The compiled scorer answers ${answer} for row ${row} of the proof and onnxruntime answers ${reference}; the model is not used`,
    );
  }
}

/** Numbers of rows scored together: all, one, and a few. A scorer may have a separate program for each. */
const groupSizes = [Infinity, 1, 5] as const;

/**
 * Scores the rows with both and returns the largest difference. Fails on the first row that differs by more than the scorer's
 * tolerance, or where only one answer is NaN. The scorer answers every row several times, alone and among others. A proof over
 * zero rows fails.
 */
export async function proveEqual(
  scorer: ProvableScorer,
  ortRun: ReferenceRun,
  rows: Float32Array,
): Promise<Proof> {
  const count = Math.floor(rows.length / scorer.featureCount);
  if (count === 0) throw new ScorersDifferError(-1, NaN, NaN);
  const reference = await ortRun(rows, count);
  let largestDifference = 0;
  for (const size of groupSizes) {
    for (const [row, answer] of scoreInGroups(scorer, rows, count, Math.min(size, count)).entries()) {
      const expected = reference[row] ?? NaN;
      const difference = answer === expected ? 0 : Math.abs(answer - expected);
      // Written so that NaN on either side fails.
      if (!(difference <= scorer.tolerance(answer))) throw new ScorersDifferError(row, answer, expected);
      largestDifference = Math.max(largestDifference, difference);
    }
  }
  return { rows: count, largestDifference };
}

function scoreInGroups(
  scorer: ProvableScorer,
  rows: Float32Array,
  count: number,
  size: number,
): Float32Array {
  const answers = new Float32Array(count);
  for (let from = 0; from < count; from += size) {
    const until = Math.min(count, from + size);
    const features = rows.subarray(from * scorer.featureCount, until * scorer.featureCount);
    scorer.score(features, until - from, answers.subarray(from, until));
  }
  return answers;
}

/**
 * Rows that expose differences: values on, just below and just above the thresholds of the model, missing values, infinities,
 * both zeros, and ordinary values between thresholds. A feature with categories gets integers only: those of its sets, their
 * neighbours and unknown ones. XGBoost truncates other numbers, and ONNX compares them unchanged.
 */
export function proofRows(
  ensemble: Pick<TreeEnsemble, 'featureNames' | 'trees'>,
  rows: number,
  random: Random,
): Float32Array {
  const columns = ensemble.featureNames.length;
  const thresholds = Array.from({ length: columns }, (): number[] => []);
  const categories = new Map<number, number[]>();
  for (const tree of ensemble.trees) {
    for (const [node, feature] of tree.feature.entries()) {
      const set = tree.categories?.get(node);
      if (set !== undefined) categories.set(feature, [...(categories.get(feature) ?? []), ...set]);
      else if (feature >= 0) thresholds[feature]?.push(tree.threshold[node] as number);
    }
  }
  const special = [NaN, NaN, NaN, 0, -0, Infinity, -Infinity, 3.4e38, -3.4e38, 1e-45];
  const pick = (values: readonly number[]): number => values[Math.floor(random.next() * values.length)] ?? 0;
  const neighbour = (value: number): number => {
    const step = Math.max(Math.abs(value) * 2 ** -23, 2 ** -149);
    return value + (Math.floor(random.next() * 3) - 1) * step;
  };
  const category = (known: readonly number[]): number => {
    const dice = random.next();
    if (dice < 0.1) return pick([NaN, NaN, -1, Infinity, -Infinity, 16_777_216]);
    return pick(known) + (dice < 0.3 ? pick([-1, 1]) : 0);
  };
  return Float32Array.from({ length: rows * columns }, (_, index) => {
    const set = categories.get(index % columns);
    if (set !== undefined) return category(set);
    const known = thresholds[index % columns] ?? [];
    const dice = random.next();
    if (dice < 0.15 || known.length === 0) return dice < 0.5 ? pick(special) : random.next() * 200 - 100;
    if (dice < 0.6) return neighbour(pick(known));
    return pick(known) + (random.next() - 0.5) * 2 * (pick(known) - pick(known));
  });
}
