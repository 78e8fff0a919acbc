import { type Column } from '../columnar-batch.js';
import { type Cell } from '../row-condition.js';
import { CountingTally } from './counting-tally.js';
import { maxSampleSize, type Outcome, type Tally, type ValueTest } from './tally.js';

/** Counts values that fail a test. Nulls are not counted. */
export class ValueTally extends CountingTally implements Tally {
  private unexpected = 0;
  private readonly sample: Cell[] = [];
  /** Results by code of the current dictionary: each distinct text is tested once. */
  private dictionary: readonly string[] | undefined;
  private results = new Uint8Array(0);

  constructor(
    private readonly test: ValueTest,
    private readonly mostly: number,
  ) {
    super();
  }

  override add(column: Column | undefined, from: number, to: number, mask: Uint8Array | undefined): void {
    if (column?.kind === 'numbers' && mask === undefined) this.addNumbers(column, from, to);
    else if (column?.kind === 'texts' && mask === undefined) this.addTexts(column, from, to);
    else super.add(column, from, to, mask);
  }

  private addNumbers(
    { values, valid }: Extract<Column, { kind: 'numbers' }>,
    from: number,
    to: number,
  ): void {
    const { number } = this.test;
    let [missing, unexpected] = [0, 0];
    for (let row = from; row < to; row += 1) {
      const value = values[row] as number;
      if (value !== value || (valid !== undefined && valid[row] === 0)) missing += 1;
      else if (!number(value)) {
        unexpected += 1;
        this.addToSample(value);
      }
    }
    this.elements += to - from;
    this.missing += missing;
    this.unexpected += unexpected;
  }

  private addTexts(
    { codes, dictionary }: Extract<Column, { kind: 'texts' }>,
    from: number,
    to: number,
  ): void {
    if (dictionary !== this.dictionary) {
      this.dictionary = dictionary;
      this.results = new Uint8Array(dictionary.length);
    }
    const { results, test } = this;
    for (let row = from; row < to; row += 1) {
      const code = codes[row] as number;
      if (code < 0) {
        this.missing += 1;
        continue;
      }
      // 0 not tested yet, 1 expected, 2 unexpected.
      if (results[code] === 0) results[code] = test.text(dictionary[code] as string) ? 1 : 2;
      if (results[code] === 2) {
        this.unexpected += 1;
        this.addToSample(dictionary[code] as string);
      }
    }
    this.elements += to - from;
  }

  override value(value: number | string): void {
    if (typeof value === 'number' ? this.test.number(value) : this.test.text(value)) return;
    this.unexpected += 1;
    this.addToSample(value);
  }

  /** A value that is not valid for its column. */
  addUnreadable(observed: string): void {
    this.elements += 1;
    this.unexpected += 1;
    this.addToSample(observed);
  }

  merge(later: ValueTally): void {
    this.mergeCounts(later);
    this.unexpected += later.unexpected;
    for (const value of later.sample) this.addToSample(value);
  }

  outcome(): Outcome {
    return this.toValueOutcome(this.unexpected, this.sample, this.mostly);
  }

  private addToSample(value: Cell): void {
    if (this.sample.length < maxSampleSize) this.sample.push(value);
  }
}
