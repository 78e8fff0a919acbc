import { type Column } from '../columnar-batch.js';
import { type Cell } from '../row-condition.js';
import { CountingTally } from './counting-tally.js';
import { NumberCounts } from './number-counts.js';
import { maxStoredValues, maxSampleSize, type Outcome, type Tally } from './tally.js';

/**
 * Counts every occurrence of values that occur more than once. Stores the distinct values: beyond a million of them it
 * is not known whether a later one is new, and the outcome is undefined.
 */
export class UniqueTally extends CountingTally implements Tally {
  private readonly counts = new Map<number | string, number>();
  private readonly numbers = new NumberCounts();
  private dictionary: readonly string[] | undefined;
  private codeCounts = new Uint32Array(0);

  constructor(private readonly mostly: number) {
    super();
  }

  override add(column: Column | undefined, from: number, to: number, mask: Uint8Array | undefined): void {
    if (column?.kind === 'numbers' && mask === undefined) {
      this.countNumbers(column, from, to);
      this.numbers.addAll(column, from, to);
      return;
    }
    if (column?.kind !== 'texts' || mask !== undefined) {
      super.add(column, from, to, mask);
      return;
    }
    if (column.dictionary !== this.dictionary) {
      this.fold();
      this.dictionary = column.dictionary;
      this.codeCounts = new Uint32Array(column.dictionary.length);
    }
    for (let row = from; row < to; row += 1) {
      const code = column.codes[row] as number;
      if (code < 0) this.missing += 1;
      else this.codeCounts[code] = (this.codeCounts[code] as number) + 1;
    }
    this.elements += to - from;
  }

  override value(value: number | string): void {
    if (typeof value === 'number') this.numbers.add(value, 1);
    else if (this.counts.size < maxStoredValues) this.counts.set(value, (this.counts.get(value) ?? 0) + 1);
  }

  merge(later: UniqueTally): void {
    this.mergeCounts(later);
    this.fold();
    later.fold();
    for (const [value, count] of later.counts) {
      if (this.counts.size < maxStoredValues) this.counts.set(value, (this.counts.get(value) ?? 0) + count);
    }
    later.numbers.each((value, count) => {
      this.numbers.add(value, count);
    });
  }

  outcome(): Outcome {
    this.fold();
    if (this.counts.size >= maxStoredValues || this.numbers.size >= maxStoredValues) {
      return { ...this.toValueOutcome(0, [], this.mostly), success: undefined, observed: undefined };
    }
    const sample: Cell[] = [];
    let unexpected = 0;
    const count = (value: number | string, occurrences: number): void => {
      if (occurrences < 2) return;
      unexpected += occurrences;
      if (sample.length < maxSampleSize) sample.push(value);
    };
    this.numbers.eachRepeated(count);
    for (const [value, occurrences] of this.counts) count(value, occurrences);
    return this.toValueOutcome(unexpected, sample, this.mostly);
  }

  private fold(): void {
    const { dictionary } = this;
    if (dictionary === undefined) return;
    this.codeCounts.forEach((count, code) => {
      const text = dictionary[code] as string;
      if (count > 0 && this.counts.size < maxStoredValues) {
        this.counts.set(text, (this.counts.get(text) ?? 0) + count);
      }
    });
    this.dictionary = undefined;
  }
}
