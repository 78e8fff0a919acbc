import { InvalidSampleError } from '../samples/invalid-sample-error.js';
import { firstIndexAbove, sortValues } from '../samples/sort-values.js';

/**
 * How a column is distributed over bins that were fixed once, on a reference. Bin `i` holds `edges[i-1] <= x < edges[i]`;
 * the first and the last bin are open, so no value falls outside. `sum(counts) + missing === total`.
 */
export interface FrozenHistogram {
  /** Inner borders, strictly ascending; empty when the reference had no value. */
  readonly edges: readonly number[];
  /** One more than there are edges. */
  readonly counts: readonly number[];
  /** Rows that were NaN. */
  readonly missing: number;
  /** All rows, the missing ones included. */
  readonly total: number;
}

export interface FreezeOptions {
  /** How many bins to aim for. Default 10, at least 2. */
  readonly bins?: number;
  /** Equal shares of the rows (`quantile`, the default) or equal widths between minimum and maximum. */
  readonly by?: 'quantile' | 'width';
}

/** Slack around a value that has a bin of its own: wide enough for a float32 copy of it, far below any real step. */
const RELATIVE_SLACK = 1e-6;
const ABSOLUTE_SLACK = 1e-12;

/**
 * Fixes the bins of a reference column and counts it into them.
 *
 * Awkward cases first: NaN is missing, never a value; infinities count in the outer bins but set no border. An empty or
 * all-NaN column has no edges and one empty bin. A constant column has three bins: below, equal, above; so a constant
 * that moves either way is seen. With `quantile`, ties are never cut: a border lies halfway between two distinct
 * values, and a value that alone fills a bin's share is isolated on both sides (also at the column's ends), so that a
 * column of mostly zeros is seen to leave zero. Ties can make fewer or, by isolation, a few more bins than asked for.
 *
 * `width` is `numpy.histogram`'s division of [min, max], with the outer bins opened.
 */
export function freezeHistogram(values: ArrayLike<number>, options: FreezeOptions = {}): FrozenHistogram {
  const bins = options.bins ?? 10;
  if (!Number.isInteger(bins) || bins < 2) {
    throw new InvalidSampleError(`A histogram needs at least 2 bins, got ${bins}`);
  }
  const sorted = sortValues(values);
  const finite = selectFinite(sorted);
  const edges =
    (options.by ?? 'quantile') === 'quantile' ? quantileEdges(finite, bins) : widthEdges(finite, bins);
  const firstInBin = [0, ...edges.map((edge) => firstIndexAtOrAbove(sorted, edge)), sorted.length];
  const counts = firstInBin.slice(1).map((end, bin) => end - (firstInBin[bin] as number));
  return { edges, counts, missing: values.length - sorted.length, total: values.length };
}

/** Counts a column into given borders: ascending, as a frozen reference carries them. NaN is counted as missing. */
export function countInto(edges: readonly number[], values: ArrayLike<number>): FrozenHistogram {
  assertAscending(edges);
  const borders = Float64Array.from(edges);
  const counts = new Float64Array(borders.length + 1);
  const few = borders.length <= 16;
  let missing = 0;
  for (let row = 0; row < values.length; row += 1) {
    const value = values[row] as number;
    if (value !== value) missing += 1;
    else if (few) tally(counts, countBordersBelow(borders, value));
    else tally(counts, findBin(borders, value));
  }
  return { edges: [...edges], counts: [...counts], missing, total: values.length };
}

/** The bin of a value that is not NaN. */
export function findBin(edges: ArrayLike<number>, value: number): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((edges[middle] as number) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Adds histograms over the same borders: exactly what counting all their rows at once gives, in any order. Different
 * borders throw, because a sum over them means nothing.
 */
export function mergeHistograms(
  first: FrozenHistogram,
  ...others: readonly FrozenHistogram[]
): FrozenHistogram {
  const counts = [...first.counts];
  let { missing, total } = first;
  for (const other of others) {
    if (!haveSameBins(first, other)) {
      throw new InvalidSampleError(
        'Histograms over different borders cannot be merged; count into the same reference',
      );
    }
    other.counts.forEach((count, bin) => (counts[bin] = (counts[bin] ?? 0) + count));
    missing += other.missing;
    total += other.total;
  }
  return { edges: first.edges, counts, missing, total };
}

/** True when both count into the same borders, so that their bins can be compared. */
export function haveSameBins(first: FrozenHistogram, second: FrozenHistogram): boolean {
  return (
    first.counts.length === second.counts.length &&
    first.edges.length === second.edges.length &&
    first.edges.every((edge, index) => edge === second.edges[index])
  );
}

/** As `findBin` for a handful of borders: counting all of them mispredicts no branch. */
function countBordersBelow(edges: Float64Array, value: number): number {
  let bin = 0;
  for (let index = 0; index < edges.length; index += 1) bin += (edges[index] as number) <= value ? 1 : 0;
  return bin;
}

function tally(counts: Float64Array, bin: number): void {
  counts[bin] = (counts[bin] as number) + 1;
}

function assertAscending(edges: readonly number[]): void {
  for (let index = 0; index < edges.length; index += 1) {
    const edge = edges[index] as number;
    if (!Number.isFinite(edge) || (index > 0 && edge <= (edges[index - 1] as number))) {
      throw new InvalidSampleError(
        `Border ${edge} at position ${index} is not finite and above the one before it`,
      );
    }
  }
}

function selectFinite(sorted: Float64Array): Float64Array {
  return sorted.subarray(firstIndexAbove(sorted, -Infinity), firstIndexAtOrAbove(sorted, Infinity));
}

const slackOf = (value: number): number => Math.max(Math.abs(value) * RELATIVE_SLACK, ABSOLUTE_SLACK);
const bordersAround = (value: number): number[] =>
  [value - slackOf(value), value + slackOf(value)].filter((edge) => Number.isFinite(edge));

function widthEdges(sorted: Float64Array, bins: number): number[] {
  if (sorted.length === 0) return [];
  const min = sorted[0] as number;
  const max = sorted[sorted.length - 1] as number;
  if (min === max) return bordersAround(min);
  const edges: number[] = [];
  // Halves first: the difference of two finite numbers may be infinite.
  for (let bin = 1; bin < bins; bin += 1) edges.push(min * (1 - bin / bins) + max * (bin / bins));
  return sortBorders(edges);
}

function quantileEdges(sorted: Float64Array, bins: number): number[] {
  const rows = sorted.length;
  if (rows === 0) return [];
  if (sorted[0] === sorted[rows - 1]) return bordersAround(sorted[0] as number);
  const edges: number[] = [];
  for (let bin = 1; bin < bins; bin += 1) {
    const target = Math.min(rows - 1, Math.floor((bin * rows) / bins));
    const value = sorted[target] as number;
    const start = firstIndexAtOrAbove(sorted, value);
    const end = firstIndexAbove(sorted, value);
    if (end - start > rows / bins) edges.push(borderAt(sorted, start), borderAt(sorted, end));
    else edges.push(borderAt(sorted, target - start <= end - target ? start : end));
  }
  return sortBorders(edges);
}

/** The border before position `index`: halfway between two distinct values, or just outside the column's ends. */
function borderAt(sorted: Float64Array, index: number): number {
  const right = sorted[index];
  const left = index > 0 ? sorted[index - 1] : undefined;
  if (left === undefined) return (right as number) - slackOf(right as number);
  if (right === undefined) return left + slackOf(left);
  const middle = left / 2 + right / 2;
  return middle > left ? middle : right;
}

function sortBorders(edges: number[]): number[] {
  return edges
    .sort((first, second) => first - second)
    .filter(
      (edge, index, all) => Number.isFinite(edge) && (index === 0 || edge > (all[index - 1] as number)),
    );
}

function firstIndexAtOrAbove(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
