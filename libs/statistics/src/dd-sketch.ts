import { DDSketch } from '@datadog/sketches-js';
import { InvalidSampleError } from './invalid-sample-error.js';
import { type WeightedValues } from './weighted-values.js';

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
  readonly least?: number;
  readonly most?: number;
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
  private below = 0;
  private above = 0;
  private missing = 0;

  private constructor(
    readonly relativeAccuracy: number,
    private readonly sketch: DDSketch,
  ) {}

  static empty(relativeAccuracy = 0.01): DdSketch {
    if (!(relativeAccuracy >= 0.01 && relativeAccuracy <= 0.5)) {
      throw new InvalidSampleError(
        `A relative accuracy lies between 0.01 and 0.5, got ${relativeAccuracy}; 0.01 is usual`,
      );
    }
    return new DdSketch(relativeAccuracy, new DDSketch({ relativeAccuracy }));
  }

  static of(values: ArrayLike<number>, relativeAccuracy = 0.01): DdSketch {
    const sketch = DdSketch.empty(relativeAccuracy);
    for (let row = 0; row < values.length; row += 1) sketch.add(values[row] as number);
    return sketch;
  }

  static restore(state: DdSketchState): DdSketch {
    const restored = DdSketch.empty(state.relativeAccuracy);
    const { sketch } = restored;
    addBuckets(sketch.store, state.positive);
    addBuckets(sketch.negativeStore, state.negative);
    sketch.zeroCount = state.zeros;
    sketch.count = sketch.store.count + sketch.negativeStore.count + state.zeros;
    sketch.min = state.least ?? Infinity;
    sketch.max = state.most ?? -Infinity;
    restored.below = state.below;
    restored.above = state.above;
    restored.missing = state.missing;
    return restored;
  }

  /** Rows with a value, the infinite ones included. */
  get count(): number {
    return this.below + this.sketch.count + this.above;
  }

  add(value: number): void {
    if (Number.isFinite(value)) this.sketch.accept(value + 0);
    else if (value === Infinity) this.above += 1;
    else if (value === -Infinity) this.below += 1;
    else this.missing += 1;
  }

  /** A new sketch of the rows of both. */
  merge(other: DdSketch): DdSketch {
    assertSameBuckets(this, other);
    const merged = DdSketch.restore(this.state());
    const [into, from] = [merged.sketch, other.sketch];
    addBuckets(into.store, bucketsOf(from.store));
    addBuckets(into.negativeStore, bucketsOf(from.negativeStore));
    into.zeroCount += from.zeroCount;
    into.count += from.count;
    into.min = Math.min(into.min, from.min);
    into.max = Math.max(into.max, from.max);
    merged.below += other.below;
    merged.above += other.above;
    merged.missing += other.missing;
    return merged;
  }

  /** The value at a share (0..1) of the rows, nearest lower rank; undefined without a value. */
  quantile(share: number): number | undefined {
    if (!(share >= 0 && share <= 1))
      throw new InvalidSampleError(`A share lies between 0 and 1, got ${share}`);
    if (this.count === 0) return undefined;
    const rank = Math.floor(share * (this.count - 1));
    if (rank < this.below) return -Infinity;
    if (rank >= this.below + this.sketch.count) return Infinity;
    if (rank === this.below) return this.sketch.min;
    if (rank === this.below + this.sketch.count - 1) return this.sketch.max;
    const { values, weights } = this.weighted();
    let seen = 0;
    for (let index = 0; index < values.length; index += 1) {
      seen += weights[index] as number;
      if (seen > rank) return values[index];
    }
    return this.sketch.max;
  }

  /** Every bucket by the value that stands for it, ascending. */
  weighted(): WeightedValues {
    const { mapping, store, negativeStore, zeroCount, min, max } = this.sketch;
    const within = (value: number): number => Math.min(max, Math.max(min, value));
    const [values, weights]: [number[], number[]] = [[], []];
    const push = (value: number, weight: number): void => {
      if (weight === 0) return;
      values.push(value);
      weights.push(weight);
    };
    push(-Infinity, this.below);
    const negative = bucketsOf(negativeStore);
    for (let index = negative.keys.length - 1; index >= 0; index -= 1) {
      push(within(-mapping.value(negative.keys[index] as number)), negative.counts[index] as number);
    }
    push(0, zeroCount);
    const positive = bucketsOf(store);
    positive.keys.forEach((key, index) => {
      push(within(mapping.value(key)), positive.counts[index] as number);
    });
    push(Infinity, this.above);
    return { values: Float64Array.from(values), weights: Float64Array.from(weights), missing: this.missing };
  }

  /**
   * Where bins may be cut between two neighbouring values of `weighted()` so that no bucket is cut: every sketch of this
   * accuracy is then counted exactly. At the end of the range it is the border of the outermost bucket.
   */
  borderBetween(left: number, right: number): number {
    const { mapping } = this.sketch;
    if (left === 0 || right === 0) return left === 0 ? mapping.minPossible : -mapping.minPossible;
    if (left > 0) return upperBorder(mapping, mapping.key(left));
    if (left !== -Infinity) return -upperBorder(mapping, mapping.key(-left) - 1);
    return right > 0
      ? upperBorder(mapping, mapping.key(right) - 1)
      : -upperBorder(mapping, mapping.key(-right));
  }

  state(): DdSketchState {
    const { store, negativeStore, zeroCount, count, min, max } = this.sketch;
    return {
      relativeAccuracy: this.relativeAccuracy,
      positive: bucketsOf(store),
      negative: bucketsOf(negativeStore),
      zeros: zeroCount,
      below: this.below,
      above: this.above,
      missing: this.missing,
      ...(count > 0 ? { least: min, most: max } : {}),
    };
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

/** gamma^key, from the value that stands for the bucket below it. */
function upperBorder(mapping: Mapping, key: number): number {
  return (mapping.value(key) * (1 + mapping.gamma)) / 2;
}

function bucketsOf({ bins, offset }: Store): DdBuckets {
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
