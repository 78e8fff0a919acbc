import { type Part } from '../../domain/temporal-split.js';
import { type LabelledRows } from '../gradient-booster.js';
import { type TrainingSet } from '../training-sets.js';

export function labelledRowsOf(set: TrainingSet, { begin, end }: Part): LabelledRows {
  const columns = set.featureNames.length;
  return {
    values: set.values.slice(begin * columns, end * columns),
    rows: end - begin,
    columns,
    label: set.label.slice(begin, end),
  };
}
