import { CountingTally } from './counting-tally.js';
import { maxStoredValues, type Outcome, type Tally } from './tally.js';

/** Expected shares of bins or of values. */
export type Partition =
  | {
      readonly bins: readonly number[];
      readonly weights: readonly number[];
      readonly tail_weights?: readonly [number, number] | undefined;
    }
  | { readonly values: readonly (number | string)[]; readonly weights: readonly number[] };

/**
 * Kullback-Leibler divergence of what was observed from what is expected, in nats: sum of p ln(p / q), both normalised.
 * Bins are closed on the left, the last also on the right; what lies outside goes to the tails. Infinite where
 * something was observed that had no weight: `tailHoldout` gives weight to the tails or to unexpected values,
 * `internalHoldout` to bins without weight.
 */
export class DivergenceTally extends CountingTally implements Tally {
  private readonly counts: number[];
  private below = 0;
  private above = 0;
  private readonly unknown = new Map<number | string, number>();
  private readonly places: ReadonlyMap<number | string, number>;

  constructor(
    private readonly partition: Partition,
    private readonly threshold: number,
    private readonly tailHoldout: number,
    private readonly internalHoldout: number,
  ) {
    super();
    this.counts = partition.weights.map(() => 0);
    this.places = new Map(
      'values' in partition ? partition.values.map((value, place) => [value, place]) : [],
    );
  }

  override value(value: number | string): void {
    if ('values' in this.partition) {
      const place = this.places.get(value);
      if (place !== undefined) this.counts[place] = (this.counts[place] ?? 0) + 1;
      else if (this.unknown.size < maxStoredValues) {
        this.unknown.set(value, (this.unknown.get(value) ?? 0) + 1);
      }
      return;
    }
    const { bins } = this.partition;
    if (typeof value === 'string' || value > (bins.at(-1) ?? 0)) this.above += 1;
    else if (value < (bins[0] ?? 0)) this.below += 1;
    else {
      let [low, high] = [0, this.counts.length - 1];
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (value >= (bins[middle] as number)) low = middle;
        else high = middle - 1;
      }
      this.counts[low] = (this.counts[low] ?? 0) + 1;
    }
  }

  merge(later: DivergenceTally): void {
    this.mergeCounts(later);
    this.below += later.below;
    this.above += later.above;
    later.counts.forEach((count, place) => {
      this.counts[place] = (this.counts[place] ?? 0) + count;
    });
    for (const [value, count] of later.unknown) {
      this.unknown.set(value, (this.unknown.get(value) ?? 0) + count);
    }
  }

  outcome(): Outcome {
    if (this.present === 0) return this.toAggregateOutcome(undefined, undefined);
    const [observed, expected] = 'values' in this.partition ? this.compareValues() : this.compareBins();
    const divergence = computeDivergence(observed, expected);
    // An infinite divergence is not reported as a number, and is above any threshold.
    return this.toAggregateOutcome(
      Number.isFinite(divergence) ? divergence : undefined,
      divergence <= this.threshold,
    );
  }

  private compareValues(): readonly [readonly number[], readonly number[]] {
    const unexpected = [...this.unknown.values()];
    const remaining = unexpected.length > 0 ? 1 - this.tailHoldout : 1;
    return [
      [...this.counts, ...unexpected],
      [
        ...this.partition.weights.map((weight) => weight * remaining),
        ...unexpected.map(() => this.tailHoldout / unexpected.length),
      ],
    ];
  }

  private compareBins(): readonly [readonly number[], readonly number[]] {
    const { weights } = this.partition;
    const tails = ('bins' in this.partition ? this.partition.tail_weights : undefined) ?? [
      this.tailHoldout / 2,
      this.tailHoldout / 2,
    ];
    const empty = weights.filter((weight) => weight === 0).length;
    const remaining = 1 - this.tailHoldout - this.internalHoldout;
    const inside = weights.map((weight) =>
      weight === 0 && empty > 0 ? this.internalHoldout / empty : weight * remaining,
    );
    return [
      [this.below, ...this.counts, this.above],
      [tails[0], ...inside, tails[1]],
    ];
  }
}

function computeDivergence(observed: readonly number[], expected: readonly number[]): number {
  const sum = (weights: readonly number[]): number => weights.reduce((total, weight) => total + weight, 0);
  const [all, whole] = [sum(observed), sum(expected)];
  return observed.reduce((total, count, place) => {
    if (count === 0) return total;
    const p = count / all;
    return total + p * Math.log(p / ((expected[place] ?? 0) / whole));
  }, 0);
}
