import { CountingTally } from './counting-tally.js';
import { maxStoredValues, type Outcome, type Tally } from './tally.js';

/**
 * Quantiles of the numbers, nearest rank as in pandas. Stores the values: beyond a million the outcome is undefined.
 */
export class QuantileTally extends CountingTally implements Tally {
  private values = new Float64Array(1_024);
  private count = 0;
  private texts = 0;

  constructor(
    private readonly quantiles: readonly number[],
    private readonly ranges: readonly (readonly [number | null, number | null])[],
  ) {
    super();
  }

  override value(value: number | string): void {
    if (typeof value === 'string') {
      this.texts += 1;
      return;
    }
    if (this.count >= maxStoredValues) {
      this.count = maxStoredValues + 1;
      return;
    }
    if (this.count === this.values.length) {
      const larger = new Float64Array(this.values.length * 2);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.count] = value;
    this.count += 1;
  }

  merge(later: QuantileTally): void {
    this.mergeCounts(later);
    this.texts += later.texts;
    for (let index = 0; index < Math.min(later.count, later.values.length); index += 1) {
      this.value(later.values[index] as number);
    }
    if (later.count > maxStoredValues) this.count = maxStoredValues + 1;
  }

  outcome(): Outcome {
    if (this.texts > 0) return this.toAggregateOutcome(undefined, false);
    if (this.count === 0 || this.count > maxStoredValues) {
      return this.toAggregateOutcome(undefined, undefined);
    }
    const sorted = this.values.slice(0, this.count).sort();
    const observed = this.quantiles.map((q) => sorted[roundHalfToEven(q * (this.count - 1))] as number);
    const success = observed.every((value, index) => {
      const [low, high] = this.ranges[index] ?? [null, null];
      return (low === null || value >= low) && (high === null || value <= high);
    });
    return this.toAggregateOutcome(observed, success);
  }
}

function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}
