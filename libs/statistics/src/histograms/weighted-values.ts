import { type FrozenHistogram } from './frozen-histogram.js';
import { InvalidSampleError } from '../samples/invalid-sample-error.js';

/** A sample as a sketch remembers it: values in ascending order (equal ones may follow each other) and how many rows each stands for. */
export interface WeightedValues {
  readonly values: Float64Array;
  readonly weights: Float64Array;
  /** Rows that were NaN. */
  readonly missing: number;
}

/** Rows with a value. */
export function countRows({ weights }: WeightedValues): number {
  let rows = 0;
  for (let index = 0; index < weights.length; index += 1) rows += weights[index] as number;
  return rows;
}

/**
 * Counts a sketch into given borders, ascending. Only a value that stands for rows on both sides of a border can be counted on
 * the wrong side of it: a bucket of a DDSketch that a border cuts, or what KLL's rank error moves.
 */
export function countWeightedInto(edges: readonly number[], sample: WeightedValues): FrozenHistogram {
  const counts = new Array<number>(edges.length + 1).fill(0);
  let bin = 0;
  for (let index = 0; index < sample.values.length; index += 1) {
    while (bin < edges.length && (edges[bin] as number) <= (sample.values[index] as number)) bin += 1;
    counts[bin] = (counts[bin] as number) + (sample.weights[index] as number);
  }
  return { edges: [...edges], counts, missing: sample.missing, total: countRows(sample) + sample.missing };
}

/**
 * Fixes bins of about equal shares on a sketch, as `freezeHistogram` does on rows: borders lie between two values that the
 * sketch tells apart, a value that alone fills a bin is isolated, a sketch of one value has the bins below, equal and
 * above, and an empty sketch has no border. Infinities count in the outer bins but set no border.
 *
 * `borderBetween` says where between two neighbouring values a border lies; halfway unless the sketch knows better.
 */
export function freezeWeighted(
  sample: WeightedValues,
  bins = 10,
  borderBetween: (left: number, right: number) => number = (left, right) => left / 2 + right / 2,
): FrozenHistogram {
  if (!Number.isInteger(bins) || bins < 2) {
    throw new InvalidSampleError(`A histogram needs at least 2 bins, got ${bins}`);
  }
  return countWeightedInto(chooseEdges(selectDistinctFinite(sample), bins, borderBetween), sample);
}

/** The finite values, each once. */
function selectDistinctFinite(sample: WeightedValues): WeightedValues {
  const values = new Float64Array(sample.values.length);
  const weights = new Float64Array(sample.values.length);
  let length = 0;
  for (let index = 0; index < sample.values.length; index += 1) {
    const value = sample.values[index] as number;
    if (!Number.isFinite(value)) continue;
    if (length === 0 || values[length - 1] !== value) values[length++] = value;
    weights[length - 1] = (weights[length - 1] as number) + (sample.weights[index] as number);
  }
  return { values: values.subarray(0, length), weights: weights.subarray(0, length), missing: 0 };
}

function chooseEdges(
  finite: WeightedValues,
  bins: number,
  borderBetween: (left: number, right: number) => number,
): number[] {
  const { values, weights } = finite;
  if (values.length === 0) return [];
  const borderBefore = (index: number): number =>
    borderBetween(values[index - 1] ?? -Infinity, values[index] ?? Infinity);
  if (values.length === 1) return sortFinite([borderBefore(0), borderBefore(1)]);
  const rows = countRows(finite);
  const edges: number[] = [];
  let [seen, bin] = [0, 1];
  for (let index = 0; index < values.length; index += 1) {
    const weight = weights[index] as number;
    const start = seen;
    seen += weight;
    for (; bin < bins && (bin * rows) / bins < seen; bin += 1) {
      const target = (bin * rows) / bins;
      if (weight > rows / bins) edges.push(borderBefore(index), borderBefore(index + 1));
      else edges.push(borderBefore(target - start <= seen - target ? index : index + 1));
    }
  }
  return sortFinite(edges);
}

function sortFinite(edges: number[]): number[] {
  return edges
    .sort((first, second) => first - second)
    .filter(
      (edge, index, all) => Number.isFinite(edge) && (index === 0 || edge > (all[index - 1] as number)),
    );
}
