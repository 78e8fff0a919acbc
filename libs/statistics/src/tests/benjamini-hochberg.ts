import { argsort } from '../samples/argsort.js';
import { InvalidSampleError } from '../samples/invalid-sample-error.js';
import { distribute } from '../samples/sort-values.js';

/**
 * Adjusts p-values for multiple testing: rejecting those at or below `q` keeps the expected share of false discoveries
 * among the rejected at or below q.
 *
 *   adjusted(i) = min over k >= i of p(k) * m / k,  p(1) <= ... <= p(m)
 *
 * Assumes independent tests or positive dependence (features that move together). An undefined p-value (no data) stays
 * undefined and does not count as a test; anything outside [0, 1] throws.
 *
 * Linear in the tests: they are counted into buckets of equal width. Most buckets cannot hold a minimum whatever the order
 * inside; only the others are sorted.
 *
 * @see Benjamini & Hochberg (1995), Controlling the false discovery rate
 */
export function benjaminiHochberg(pValues: readonly (number | undefined)[]): (number | undefined)[] {
  const present = selectPresent(pValues);
  const adjusted = adjust(present);
  const answers = new Array<number | undefined>(pValues.length);
  if (present.length === pValues.length) {
    for (let index = 0; index < answers.length; index += 1) answers[index] = adjusted[index];
    return answers;
  }
  for (let index = 0, test = 0; index < answers.length; index += 1) {
    answers[index] = pValues[index] === undefined ? undefined : adjusted[test++];
  }
  return answers;
}

function adjust(pValues: Float64Array): Float64Array {
  const tests = pValues.length;
  const { bucketOf, ends } = distribute(pValues, 0, 1) ?? {
    bucketOf: new Uint32Array(tests),
    ends: Uint32Array.of(0, tests),
  };
  const open = openBuckets(ends);
  const { sorted, rows } = openTests(pValues, bucketOf, open);
  const minOfBucket = new Float64Array(open.length);
  // From the largest down, so that equal p-values are adjusted alike: by the last of them.
  let [min, next] = [1, sorted.length - 1];
  for (let bucket = open.length - 1; bucket >= 0; bucket -= 1) {
    if (open[bucket] === 1) {
      const start = ends[bucket] as number;
      for (let rank = ends[bucket + 1] as number; rank > start; rank -= 1, next -= 1) {
        min = Math.min(min, (sorted[next] as number) * (tests / rank));
        sorted[next] = min;
      }
    }
    minOfBucket[bucket] = min;
  }
  const adjusted = new Float64Array(tests);
  for (let test = 0; test < tests; test += 1) {
    adjusted[test] = minOfBucket[bucketOf[test] as number] as number;
  }
  for (let place = 0; place < sorted.length; place += 1) {
    adjusted[rows[place] as number] = sorted[place] as number;
  }
  return adjusted;
}

/**
 * Marks the buckets that may hold a new minimum. A bucket with upper border u whose last test has rank k holds an adjusted
 * p-value of at most u * tests / k, which bounds the minimum of all lower buckets. A bucket whose tests all exceed that bound
 * holds no minimum. Rounding may put a test into a neighbouring bucket, so each bucket is taken as one wider on both sides.
 */
function openBuckets(ends: Uint32Array): Uint8Array {
  const buckets = ends.length - 1;
  const tests = ends[buckets] as number;
  const open = new Uint8Array(buckets);
  let bound = 1;
  for (let bucket = buckets - 1; bucket >= 0; bucket -= 1) {
    const rank = ends[bucket + 1] as number;
    if (rank === ends[bucket]) continue;
    const perRank = tests / rank / Math.max(1, buckets - 1);
    if ((bucket - 1) * perRank < bound) open[bucket] = 1;
    bound = Math.min(bound, (bucket + 2) * perRank);
  }
  return open;
}

function openTests(
  pValues: Float64Array,
  bucketOf: Uint32Array,
  open: Uint8Array,
): { readonly sorted: Float64Array; readonly rows: Uint32Array } {
  const [values, tests] = [new Float64Array(pValues.length), new Uint32Array(pValues.length)];
  let length = 0;
  // Without a branch: which bucket is open follows no pattern.
  for (let test = 0; test < pValues.length; test += 1) {
    values[length] = pValues[test] as number;
    tests[length] = test;
    length += open[bucketOf[test] as number] as number;
  }
  const { sorted, rows } = argsort(values.subarray(0, length));
  for (let place = 0; place < length; place += 1) rows[place] = tests[rows[place] as number] as number;
  return { sorted, rows };
}

function selectPresent(pValues: readonly (number | undefined)[]): Float64Array {
  const present = new Float64Array(pValues.length);
  let tests = 0;
  for (let index = 0; index < pValues.length; index += 1) {
    const pValue = pValues[index];
    if (pValue === undefined) continue;
    if (!(pValue >= 0 && pValue <= 1)) {
      throw new InvalidSampleError(`${pValue} is not a p-value; pass undefined where there is none`);
    }
    present[tests++] = pValue;
  }
  return present.subarray(0, tests);
}
