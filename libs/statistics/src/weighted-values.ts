import { binOf, type FrozenHistogram } from './frozen-histogram.js';
import { InvalidSampleError } from './invalid-sample-error.js';

/** A sample as a sketch remembers it: values in ascending order (equal ones may follow each other) and how many rows each stands for. */
export interface WeightedValues {
  readonly values: Float64Array;
  readonly weights: Float64Array;
  /** Rows that were NaN. */
  readonly missing: number;
}

/** Rows with a value. */
export function rowsOf({ weights }: WeightedValues): number {
  let rows = 0;
  for (let index = 0; index < weights.length; index += 1) rows += weights[index] as number;
  return rows;
}

/**
 * Counts a sketch into given borders. Only a value that stands for rows on both sides of a border can be counted on the
 * wrong side of it: a bucket of a DDSketch that a border cuts, or what KLL's rank error moves.
 */
export function countWeightedInto(edges: readonly number[], sample: WeightedValues): FrozenHistogram {
  const counts = new Array<number>(edges.length + 1).fill(0);
  for (let index = 0; index < sample.values.length; index += 1) {
    const bin = binOf(edges, sample.values[index] as number);
    counts[bin] = (counts[bin] ?? 0) + (sample.weights[index] as number);
  }
  return { edges: [...edges], counts, missing: sample.missing, total: rowsOf(sample) + sample.missing };
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
  const finite: { value: number; weight: number }[] = [];
  for (let index = 0; index < sample.values.length; index += 1) {
    const value = sample.values[index] as number;
    const weight = sample.weights[index] as number;
    const last = finite.at(-1);
    if (last?.value === value) last.weight += weight;
    else if (Number.isFinite(value)) finite.push({ value, weight });
  }
  return countWeightedInto(edgesOf(finite, bins, borderBetween), sample);
}

function edgesOf(
  finite: readonly { readonly value: number; readonly weight: number }[],
  bins: number,
  borderBetween: (left: number, right: number) => number,
): number[] {
  const [least, most] = [finite[0]?.value, finite.at(-1)?.value];
  if (least === undefined || most === undefined) return [];
  const below = borderBetween(-Infinity, least);
  const above = borderBetween(most, Infinity);
  const borderBefore = (index: number): number =>
    index === 0
      ? below
      : index === finite.length
        ? above
        : borderBetween(
            (finite[index - 1] as { value: number }).value,
            (finite[index] as { value: number }).value,
          );
  if (finite.length === 1) return ascendingFinite([below, above]);
  const rows = finite.reduce((sum, { weight }) => sum + weight, 0);
  const edges: number[] = [];
  let [seen, bin] = [0, 1];
  finite.forEach(({ weight }, index) => {
    const start = seen;
    seen += weight;
    for (; bin < bins && (bin * rows) / bins < seen; bin += 1) {
      const wanted = (bin * rows) / bins;
      if (weight > rows / bins) edges.push(borderBefore(index), borderBefore(index + 1));
      else edges.push(borderBefore(wanted - start <= seen - wanted ? index : index + 1));
    }
  });
  return ascendingFinite(edges);
}

function ascendingFinite(edges: number[]): number[] {
  return edges
    .sort((first, second) => first - second)
    .filter(
      (edge, index, all) => Number.isFinite(edge) && (index === 0 || edge > (all[index - 1] as number)),
    );
}
