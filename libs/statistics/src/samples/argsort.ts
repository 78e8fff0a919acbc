import { distribute, INSERTION_LIMIT } from './sort-values.js';

/** Each pass at least halves the range. Skewed samples need two or three passes, only contrived ones more. */
const MAX_PASSES = 16;

export interface SortedSample {
  readonly sorted: Float64Array;
  /** The row of each sorted value; equal values in any order. */
  readonly rows: Uint32Array;
}

/**
 * Sorts a sample without NaN together with its row numbers (NumPy's `argsort`). A bucket sort like `sortValues`: a crowded
 * bucket is distributed again, so that skewed samples stay nearly linear.
 */
export function argsort(values: Float64Array): SortedSample {
  const sorted = values.slice();
  const rows = new Uint32Array(values.length);
  for (let row = 0; row < rows.length; row += 1) rows[row] = row;
  sortRange({ sorted, rows }, 0, values.length, 0);
  return { sorted, rows };
}

function sortRange(sample: SortedSample, start: number, end: number, pass: number): void {
  if (end - start <= INSERTION_LIMIT) {
    insertionSort(sample.sorted, sample.rows, start, end);
    return;
  }
  const values = sample.sorted.slice(start, end);
  let [min, max] = [Infinity, -Infinity];
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] as number;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  if (min === max) return;
  const rows = sample.rows.slice(start, end);
  const distributed = pass < MAX_PASSES ? distribute(values, min, max) : undefined;
  if (distributed === undefined) {
    sortByComparing(sample, start, values, rows);
    return;
  }
  const { bucketOf, ends } = distributed;
  const next = ends.slice();
  for (let index = 0; index < values.length; index += 1) {
    const bucket = bucketOf[index] as number;
    const place = next[bucket] as number;
    next[bucket] = place + 1;
    sample.sorted[start + place] = values[index] as number;
    sample.rows[start + place] = rows[index] as number;
  }
  for (let bucket = 0; bucket + 1 < ends.length; bucket += 1) {
    const [from, to] = [start + (ends[bucket] as number), start + (ends[bucket + 1] as number)];
    if (to - from > INSERTION_LIMIT) sortRange(sample, from, to, pass + 1);
    else insertionSort(sample.sorted, sample.rows, from, to);
  }
}

function insertionSort(sorted: Float64Array, rows: Uint32Array, start: number, end: number): void {
  for (let index = start + 1; index < end; index += 1) {
    const [value, row] = [sorted[index] as number, rows[index] as number];
    let place = index;
    for (; place > start && (sorted[place - 1] as number) > value; place -= 1) {
      sorted[place] = sorted[place - 1] as number;
      rows[place] = rows[place - 1] as number;
    }
    sorted[place] = value;
    rows[place] = row;
  }
}

/** For infinities, and for ranges that cannot be divided into buckets. */
function sortByComparing(
  { sorted, rows }: SortedSample,
  start: number,
  values: Float64Array,
  given: Uint32Array,
): void {
  const places = Uint32Array.from(values.keys());
  // Comparing, not subtracting: Infinity - Infinity is NaN.
  places.sort((one, other) => ((values[one] as number) < (values[other] as number) ? -1 : 1));
  places.forEach((place, index) => {
    sorted[start + index] = values[place] as number;
    rows[start + index] = given[place] as number;
  });
}
