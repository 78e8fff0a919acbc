import { DDSketch } from '@datadog/sketches-js';
import { InvalidSampleError } from '../samples/invalid-sample-error.js';
import { type WeightedValues } from '../histograms/weighted-values.js';

/** The buckets of one sign that hold a row, by ascending magnitude. */
export interface DdBuckets {
  readonly keys: readonly number[];
  readonly counts: readonly number[];
}

/** A `DdSketch` as it is stored; plain JSON. Equal rows give an equal state whatever their order. */
export interface DdSketchState {
  readonly relativeAccuracy: number;
  /** Bucket k holds gamma^(k-1) < |x| <= gamma^k. */
  readonly positive: DdBuckets;
  readonly negative: DdBuckets;
  readonly zeros: number;
  /** Rows that were -Infinity, Infinity and NaN. */
  readonly below: number;
  readonly above: number;
  readonly missing: number;
  /** Smallest and largest of the finite values; left out when there is none. */
  readonly min?: number;
  readonly max?: number;
}

type Store = DDSketch['store'];
type Mapping = DDSketch['mapping'];

/**
 * DDSketch: a histogram with buckets of equal relative width, so that a quantile is off by at most `relativeAccuracy` of
 * its own value, whatever the distribution, and merging is addition: exactly associative and commutative. About 1,800 buckets of a count each for values between 1 us and an hour at 1 %.
 *
 *   key(x) = ceil(ln x / ln gamma),  gamma = (1 + a) / (1 - a),  value(key) = 2 gamma^key / (1 + gamma)
 *
 * Awkward cases first: NaN is counted as missing, infinities apart at either end; a magnitude below 2^-1023 gamma is 0; a
 * constant is answered exactly, since answers are kept within the smallest and largest value; an empty sketch has no
 * quantile. Sketches of different accuracy do not merge (`InvalidSampleError`).
 *
 * The buckets are those of @datadog/sketches-js (dense between the smallest and the largest, at most 71,000 at 1 % for the whole
 * range of doubles; below 1 % its arrays would grow past what it can extend). Its own `merge` (2.1.1) forgets the negative values, misplaces a
 * largest value near 1, and its serialisation forgets minimum and maximum; so both are done here.
 *
 * @see Masson, Rim & Lee (2019), DDSketch: a fast and fully-mergeable quantile sketch with relative-error guarantees
 */
export class DdSketch {
  /** The rows as they are stored, until one is added: reading and merging need no more. */
  private held: DdSketchState | undefined;
  /** Made with the first row that is added. */
  private live: LiveRows | undefined;
  /** `weighted()` until the next row. */
  private view: WeightedValues | undefined;
  private readonly mapping: Mapping;

  private constructor(state: DdSketchState) {
    if (!(state.relativeAccuracy >= 0.01 && state.relativeAccuracy <= 0.5)) {
      throw new InvalidSampleError(
        `A relative accuracy lies between 0.01 and 0.5, got ${state.relativeAccuracy}; 0.01 is usual`,
      );
    }
    this.held = state;
    this.mapping = new DDSketch({ relativeAccuracy: state.relativeAccuracy }).mapping;
  }

  static empty(relativeAccuracy = 0.01): DdSketch {
    const none = { keys: [], counts: [] };
    return new DdSketch({
      relativeAccuracy,
      positive: none,
      negative: none,
      zeros: 0,
      below: 0,
      above: 0,
      missing: 0,
    });
  }

  static of(values: ArrayLike<number>, relativeAccuracy = 0.01): DdSketch {
    const sketch = DdSketch.empty(relativeAccuracy);
    for (let row = 0; row < values.length; row += 1) sketch.add(values[row] as number);
    return sketch;
  }

  static restore(state: DdSketchState): DdSketch {
    return new DdSketch(state);
  }

  get relativeAccuracy(): number {
    return this.mapping.relativeAccuracy;
  }

  /** Rows with a value, the infinite ones included. */
  get count(): number {
    if (this.live) return this.live.below + this.live.sketch.count + this.live.above;
    const { positive, negative, zeros, below, above } = this.state();
    return below + sum(negative.counts) + zeros + sum(positive.counts) + above;
  }

  add(value: number): void {
    this.live ??= restoreRows(this.state());
    this.held = undefined;
    this.view = undefined;
    if (Number.isFinite(value)) this.live.sketch.accept(value + 0);
    else if (value === Infinity) this.live.above += 1;
    else if (value === -Infinity) this.live.below += 1;
    else this.live.missing += 1;
  }

  /** A new sketch of the rows of both. */
  merge(other: DdSketch): DdSketch {
    assertSameBuckets(this, other);
    const [one, two] = [this.state(), other.state()];
    const min = Math.min(one.min ?? Infinity, two.min ?? Infinity);
    const max = Math.max(one.max ?? -Infinity, two.max ?? -Infinity);
    return new DdSketch({
      relativeAccuracy: one.relativeAccuracy,
      positive: mergeBuckets(one.positive, two.positive),
      negative: mergeBuckets(one.negative, two.negative),
      zeros: one.zeros + two.zeros,
      below: one.below + two.below,
      above: one.above + two.above,
      missing: one.missing + two.missing,
      ...(min <= max ? { min, max } : {}),
    });
  }

  /** The value at a share (0..1) of the rows, nearest lower rank; undefined without a value. */
  quantile(share: number): number | undefined {
    if (!(share >= 0 && share <= 1)) {
      throw new InvalidSampleError(`A share lies between 0 and 1, got ${share}`);
    }
    const { count } = this;
    if (count === 0) return undefined;
    const { below, above, min, max } = this.state();
    const rank = Math.floor(share * (count - 1));
    if (rank < below) return -Infinity;
    if (rank >= count - above) return Infinity;
    if (rank === below) return min;
    if (rank === count - above - 1) return max;
    const { values, weights } = this.weighted();
    let seen = 0;
    for (let index = 0; index < values.length; index += 1) {
      seen += weights[index] as number;
      if (seen > rank) return values[index];
    }
    return max;
  }

  /** Every bucket by the value that stands for it, ascending. */
  weighted(): WeightedValues {
    this.view ??= toWeightedValues(this.state(), this.mapping);
    return this.view;
  }

  /**
   * Where bins may be cut between two neighbouring values of `weighted()` so that no bucket is cut: every sketch of this
   * accuracy is then counted exactly. At the end of the range it is the border of the outermost bucket.
   */
  borderBetween(left: number, right: number): number {
    const { mapping } = this;
    if (left === 0 || right === 0) return left === 0 ? mapping.minPossible : -mapping.minPossible;
    if (left > 0) return upperBorder(mapping, mapping.key(left));
    if (left !== -Infinity) return -upperBorder(mapping, mapping.key(-left) - 1);
    return right > 0
      ? upperBorder(mapping, mapping.key(right) - 1)
      : -upperBorder(mapping, mapping.key(-right));
  }

  state(): DdSketchState {
    this.held ??= toState(this.live as LiveRows, this.relativeAccuracy);
    return this.held;
  }
}

/** Throws unless both have the same buckets. */
export function assertSameBuckets(first: DdSketch, second: DdSketch): void {
  if (first.relativeAccuracy !== second.relativeAccuracy) {
    throw new InvalidSampleError(
      `Sketches of accuracy ${first.relativeAccuracy} and ${second.relativeAccuracy} have different buckets; ` +
        'make both with the same one',
    );
  }
}

/** Rows in the library's buckets, which can grow. */
interface LiveRows {
  readonly sketch: DDSketch;
  below: number;
  above: number;
  missing: number;
}

function restoreRows(state: DdSketchState): LiveRows {
  const sketch = new DDSketch({ relativeAccuracy: state.relativeAccuracy });
  addBuckets(sketch.store, state.positive);
  addBuckets(sketch.negativeStore, state.negative);
  sketch.zeroCount = state.zeros;
  sketch.count = sketch.store.count + sketch.negativeStore.count + state.zeros;
  sketch.min = state.min ?? Infinity;
  sketch.max = state.max ?? -Infinity;
  return { sketch, below: state.below, above: state.above, missing: state.missing };
}

function toState({ sketch, below, above, missing }: LiveRows, relativeAccuracy: number): DdSketchState {
  const { store, negativeStore, zeroCount, count, min, max } = sketch;
  return {
    relativeAccuracy,
    positive: toBuckets(store),
    negative: toBuckets(negativeStore),
    zeros: zeroCount,
    below,
    above,
    missing,
    ...(count > 0 ? { min, max } : {}),
  };
}

function toWeightedValues(state: DdSketchState, mapping: Mapping): WeightedValues {
  const { positive, negative, zeros, below, above, missing } = state;
  const length =
    negative.keys.length + positive.keys.length + [below, zeros, above].filter((rows) => rows > 0).length;
  const [values, weights] = [new Float64Array(length), new Float64Array(length)];
  let place = 0;
  const push = (value: number, weight: number): void => {
    if (weight === 0) return;
    values[place] = value;
    weights[place++] = weight;
  };
  const [min, max] = [state.min ?? -Infinity, state.max ?? Infinity];
  const within = (value: number): number => Math.min(max, Math.max(min, value));
  push(-Infinity, below);
  for (let index = negative.keys.length - 1; index >= 0; index -= 1) {
    push(within(-mapping.value(negative.keys[index] as number)), negative.counts[index] as number);
  }
  push(0, zeros);
  for (let index = 0; index < positive.keys.length; index += 1) {
    push(within(mapping.value(positive.keys[index] as number)), positive.counts[index] as number);
  }
  push(Infinity, above);
  return { values, weights, missing };
}

function mergeBuckets(first: DdBuckets, second: DdBuckets): DdBuckets {
  const [keys, counts]: [number[], number[]] = [[], []];
  let [i, j] = [0, 0];
  while (i < first.keys.length || j < second.keys.length) {
    const [one, two] = [first.keys[i] ?? Infinity, second.keys[j] ?? Infinity];
    let count = 0;
    if (one <= two) count += first.counts[i++] as number;
    if (two <= one) count += second.counts[j++] as number;
    keys.push(Math.min(one, two));
    counts.push(count);
  }
  return { keys, counts };
}

const sum = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

/** gamma^key, from the value that stands for the bucket below it. */
function upperBorder(mapping: Mapping, key: number): number {
  return (mapping.value(key) * (1 + mapping.gamma)) / 2;
}

function toBuckets({ bins, offset }: Store): DdBuckets {
  const [keys, counts]: [number[], number[]] = [[], []];
  for (let index = 0; index < bins.length; index += 1) {
    const count = bins[index] as number;
    if (count === 0) continue;
    keys.push(index + offset);
    counts.push(count);
  }
  return { keys, counts };
}

/** The last bucket first: the store then grows once. */
function addBuckets(store: Store, { keys, counts }: DdBuckets): void {
  for (let index = keys.length - 1; index >= 0; index -= 1) {
    store.add(keys[index] as number, counts[index]);
  }
}
