import { describeError } from '@headrace/kernel';
import { buildFeatureMatrix } from '../domain/build-feature-matrix.js';
import { type LoadedModel } from './loaded-model.js';

/** The answer for one row: a probability, or why there is none; `degradation` beside one says what it lacks. */
export interface RowAnswer {
  readonly probability: number | null;
  readonly degradation?: string;
  readonly error?: string;
}

export type FeatureRow = Readonly<Record<string, number | null | undefined>>;

/** What the model computed for a row as an answer: NaN and nothing at all are errors of that row. */
export function toRowAnswer(probability: number | undefined): RowAnswer {
  return probability === undefined || Number.isNaN(probability)
    ? { probability: null, error: 'The model answered no number' }
    : { probability };
}

/** Scores rows of named features. A row that fails does not affect the others. */
export async function scoreRows(
  model: LoadedModel,
  rows: readonly FeatureRow[],
): Promise<readonly RowAnswer[]> {
  const others = model.inputs.filter(({ name }) => name !== 'features');
  if (others.some(({ optional }) => optional !== true)) {
    return rows.map(() => ({ probability: null, degradation: 'no-sequence' }));
  }
  const columns = model.featureNames.length;
  const { values, present } = buildFeatureMatrix(rows, model.featureNames);
  const run = async (from: number, until: number): Promise<Float32Array> => {
    const part = values.subarray(from * columns, until * columns);
    const answers = await model.score(
      { features: { values: part, shape: [until - from, columns] } },
      until - from,
    );
    return answers.get('probability') ?? new Float32Array(0);
  };
  const toAnswer = (probability: number | undefined, index: number): RowAnswer => {
    if (present[index] === 0) return { probability: null, degradation: 'no-features' };
    const answer = toRowAnswer(probability);
    return answer.probability === null || others.length === 0
      ? answer
      : { ...answer, degradation: 'no-sequence' };
  };
  try {
    const probabilities = await run(0, rows.length);
    return rows.map((_, index) => toAnswer(probabilities[index], index));
  } catch {
    // The failing row is not known, so each row is scored alone.
    const answers: RowAnswer[] = [];
    for (const index of rows.keys()) {
      try {
        answers.push(toAnswer((await run(index, index + 1))[0], index));
      } catch (error) {
        answers.push({ probability: null, error: describeError(error) });
      }
    }
    return answers;
  }
}
