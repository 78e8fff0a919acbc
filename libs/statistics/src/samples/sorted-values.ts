/** Longer runs are not sorted by insertion. */
export const INSERTION_LIMIT = 24;
/** So many values are dealt in memory that is used again: a third of their time would go into making it. */
const SHORT = 2048;
/** Each turn spreads a bucket's own range; skewed samples need two or three, only contrived ones more. */
const MOST_TURNS = 8;

/** The values of a sample in ascending order, NaN left out, -0 read as 0: the common start of all rank statistics. */
export function sortedValues(sample: ArrayLike<number>): Float64Array {
  const values = new Float64Array(sample.length);
  let length = 0;
  for (let row = 0; row < sample.length; row += 1) {
    const value = (sample[row] as number) + 0;
    if (value === value) values[length++] = value;
  }
  sortFirst(values, length);
  return values.subarray(0, length);
}

/**
 * Sorts the first `length` values where they stand; none is NaN or -0.
 *
 * They are dealt into buckets of equal width by one counting pass, and insertion does what that leaves undone: linear for
 * smooth data, three times as fast as sorting at once. A crowded bucket (skew, outliers) that is not in order yet is dealt
 * again, up to eight times, or if it is of a short sample handed to the built-in sort, as is a range that cannot be divided
 * (infinities): the worst case stays n log n.
 */
export function sortFirst(values: Float64Array, length: number, turn = 1): void {
  if (length > INSERTION_LIMIT) {
    let [least, most] = [Infinity, -Infinity];
    for (let row = 0; row < length; row += 1) {
      const value = values[row] as number;
      if (value < least) least = value;
      if (value > most) most = value;
    }
    if (least === most) return;
    const buckets = length > SHORT ? length >>> 1 : length;
    const room = length > SHORT ? roomFor(length, buckets) : shortRoom;
    const fullest = dealInto(room, values, length, { least, most, buckets });
    if (fullest === undefined) {
      values.subarray(0, length).sort();
      return;
    }
    moveToBuckets(values, length, room);
    if (fullest > INSERTION_LIMIT) sortCrowded(values, room, buckets, turn);
  }
  for (let index = 1; index < length; index += 1) {
    const value = values[index] as number;
    let place = index;
    for (; place > 0 && (values[place - 1] as number) > value; place -= 1) {
      values[place] = values[place - 1] as number;
    }
    values[place] = value;
  }
}

/** Which bucket each value falls into, and where in ascending order the buckets begin; their order is that of the values. */
export interface DealtValues {
  readonly bucketOf: Uint32Array;
  /** Bucket b holds the positions from ends[b] to ends[b + 1]. */
  readonly ends: Uint32Array;
}

/** Deals values into buckets of equal width, one for every four. Undefined where the range cannot be divided. */
export function deal(values: Float64Array, least: number, most: number): DealtValues | undefined {
  const buckets = Math.max(1, values.length >>> 2);
  const room = roomFor(values.length, buckets);
  return dealInto(room, values, values.length, { least, most, buckets }) === undefined ? undefined : room;
}

interface Dealing {
  readonly least: number;
  readonly most: number;
  readonly buckets: number;
}

interface DealingRoom extends DealtValues {
  /** The values as they were dealt. */
  readonly given: Float64Array;
}

/** Deals the first values and says how many the fullest bucket has; undefined where the range cannot be divided. */
function dealInto(
  { bucketOf, ends, given }: DealingRoom,
  values: Float64Array,
  length: number,
  { least, most, buckets }: Dealing,
): number | undefined {
  const range = most - least;
  const scale = (buckets - 1) / range;
  if (!(range > 0 && Number.isFinite(range) && Number.isFinite(scale))) return undefined;
  ends.fill(0, 0, buckets + 1);
  // Multiplying by a positive constant and truncating never changes an order, so buckets follow each other.
  for (let row = 0; row < length; row += 1) {
    const value = values[row] as number;
    const bucket = ((value - least) * scale) >>> 0;
    given[row] = value;
    bucketOf[row] = bucket;
    ends[bucket + 1] = (ends[bucket + 1] as number) + 1;
  }
  let [start, fullest] = [0, 0];
  for (let bucket = 1; bucket <= buckets; bucket += 1) {
    const held = ends[bucket] as number;
    if (held > fullest) fullest = held;
    start += held;
    ends[bucket] = start;
  }
  return fullest;
}

/** Moves `ends` on to where each bucket ends. */
function moveToBuckets(values: Float64Array, length: number, { bucketOf, ends, given }: DealingRoom): void {
  for (let row = 0; row < length; row += 1) {
    const bucket = bucketOf[row] as number;
    const place = ends[bucket] as number;
    ends[bucket] = place + 1;
    values[place] = given[row] as number;
  }
}

function sortCrowded(values: Float64Array, room: DealingRoom, buckets: number, turn: number): void {
  for (let bucket = 0, start = 0; bucket < buckets; bucket += 1) {
    const end = room.ends[bucket] as number;
    if (end - start > INSERTION_LIMIT && !isAscending(values, start, end)) {
      const crowd = values.subarray(start, end);
      // Within a short sample the turn would take the room that these buckets still need.
      if (room === shortRoom || turn === MOST_TURNS) crowd.sort();
      else sortFirst(crowd, end - start, turn + 1);
    }
    start = end;
  }
}

function isAscending(values: Float64Array, start: number, end: number): boolean {
  for (let index = start + 1; index < end; index += 1) {
    if ((values[index - 1] as number) > (values[index] as number)) return false;
  }
  return true;
}

const roomFor = (values: number, buckets: number): DealingRoom => ({
  bucketOf: new Uint32Array(values),
  ends: new Uint32Array(buckets + 1),
  given: new Float64Array(values),
});
/** Nothing waits while it sorts, and no answer keeps a part of it. */
const shortRoom = roomFor(SHORT, SHORT);

/** How many of ascending values are at most `value`, which is where the first larger one stands. */
export function firstIndexAbove(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
