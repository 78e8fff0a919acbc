import { freezeHistogram, type FrozenHistogram } from '@headrace/statistics';

/** What the model saw when it was trained: the reference that drift compares windows with. */
export interface ReferenceProfile {
  readonly modelRunId: string;
  readonly rows: number;
  /** Over the rows that the model learned from. */
  readonly features: Readonly<Record<string, FrozenHistogram>>;
  /** Over rows that it did not learn from: on its own training rows a model is surer than it will ever be again. */
  readonly prediction: FrozenHistogram;
}

/** Freezes the bins of one column of row-major values. */
export function freezeColumn(
  values: Float32Array,
  rows: number,
  width: number,
  column: number,
): FrozenHistogram {
  const cells = new Float64Array(rows);
  for (let row = 0; row < rows; row += 1) cells[row] = values[row * width + column] ?? Number.NaN;
  return freezeHistogram(cells);
}
