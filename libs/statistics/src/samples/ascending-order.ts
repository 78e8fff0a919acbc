import { deal, INSERTION_LIMIT } from './sorted-values.js';

/** Dealing halves the range at least; skewed samples need two or three turns, only contrived ones more. */
const MOST_TURNS = 16;

export interface AscendingOrder {
  readonly sorted: Float64Array;
  /** In which row each of the sorted values stood; equal values in any order. */
  readonly rows: Uint32Array;
}

/**
 * Sorts a sample without NaN and remembers the rows (NumPy's `argsort`). As `sortedValues` it deals into buckets of equal
 * width; a crowded bucket is dealt again, so that skewed samples stay nearly linear.
 */
export function ascendingOrder(values: Float64Array): AscendingOrder {
  const sorted = values.slice();
  const rows = new Uint32Array(values.length);
  for (let row = 0; row < rows.length; row += 1) rows[row] = row;
  order({ sorted, rows }, 0, values.length, 0);
  return { sorted, rows };
}

function order(sample: AscendingOrder, start: number, end: number, turn: number): void {
  if (end - start <= INSERTION_LIMIT) {
    insert(sample.sorted, sample.rows, start, end);
    return;
  }
  const values = sample.sorted.slice(start, end);
  let [least, most] = [Infinity, -Infinity];
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] as number;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  if (least === most) return;
  const rows = sample.rows.slice(start, end);
  const dealt = turn < MOST_TURNS ? deal(values, least, most) : undefined;
  if (dealt === undefined) {
    sortByComparing(sample, start, values, rows);
    return;
  }
  const { bucketOf, ends } = dealt;
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
    if (to - from > INSERTION_LIMIT) order(sample, from, to, turn + 1);
    else insert(sample.sorted, sample.rows, from, to);
  }
}

function insert(sorted: Float64Array, rows: Uint32Array, start: number, end: number): void {
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

/** Infinities, or a range that no bucket width divides. */
function sortByComparing(
  { sorted, rows }: AscendingOrder,
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
