import { type Column } from '../columnar-batch.js';
import { CountingTally } from './counting-tally.js';
import { type Outcome, type Tally } from './tally.js';

export type Within = (value: number) => boolean;

/** Mean, standard deviation (n - 1), minimum or maximum of the numbers; a text makes the outcome false. */
export class MomentsTally extends CountingTally implements Tally {
  private count = 0;
  private mean = 0;
  private squares = 0;
  private min = Infinity;
  private max = -Infinity;
  private texts = 0;

  constructor(
    private readonly which: 'mean' | 'stdev' | 'min' | 'max',
    private readonly within: Within,
  ) {
    super();
  }

  /** Two passes over a block, which is in the processor's cache, then Chan's merge: a large mean costs no precision. */
  override add(column: Column | undefined, from: number, to: number, mask: Uint8Array | undefined): void {
    if (column?.kind !== 'numbers' || mask !== undefined) {
      super.add(column, from, to, mask);
      return;
    }
    const { values, valid } = column;
    let [count, sum] = [0, 0];
    for (let row = from; row < to; row += 1) {
      const value = values[row] as number;
      if (value !== value || (valid !== undefined && valid[row] === 0)) continue;
      count += 1;
      sum += value;
      if (value < this.min) this.min = value;
      if (value > this.max) this.max = value;
    }
    this.elements += to - from;
    this.missing += to - from - count;
    if (count === 0) return;
    const mean = sum / count;
    let squares = 0;
    if (this.which === 'stdev') {
      for (let row = from; row < to; row += 1) {
        const value = values[row] as number;
        if (value === value && (valid === undefined || valid[row] !== 0)) squares += (value - mean) ** 2;
      }
    }
    this.join(count, mean, squares);
  }

  override value(value: number | string): void {
    if (typeof value === 'string') {
      this.texts += 1;
      return;
    }
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
    this.join(1, value, 0);
  }

  merge(later: MomentsTally): void {
    this.mergeCounts(later);
    this.texts += later.texts;
    this.min = Math.min(this.min, later.min);
    this.max = Math.max(this.max, later.max);
    this.join(later.count, later.mean, later.squares);
  }

  outcome(): Outcome {
    if (this.texts > 0) return this.toAggregateOutcome(undefined, false);
    const observed = this.observed();
    if (observed === undefined) return this.toAggregateOutcome(undefined, undefined);
    // Infinity and -Infinity have no mean: there were values, and their mean is within no bounds.
    if (Number.isNaN(observed)) return this.toAggregateOutcome(undefined, false);
    return this.toAggregateOutcome(observed, this.within(observed));
  }

  private observed(): number | undefined {
    if (this.count === 0) return undefined;
    switch (this.which) {
      case 'mean':
        return this.mean;
      case 'stdev':
        return this.count < 2 ? undefined : Math.sqrt(this.squares / (this.count - 1));
      case 'min':
        return this.min;
      case 'max':
        return this.max;
    }
  }

  private join(count: number, mean: number, squares: number): void {
    if (count === 0) return;
    const total = this.count + count;
    const step = mean - this.mean;
    // Infinite values make an infinite mean, not NaN by Infinity - Infinity.
    this.mean =
      Number.isFinite(step) && Number.isFinite(this.mean)
        ? this.mean + (step * count) / total
        : (this.count === 0 ? 0 : this.mean) + mean;
    this.squares += squares + (step * step * this.count * count) / total;
    this.count = total;
  }
}
