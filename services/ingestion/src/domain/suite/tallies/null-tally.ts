import { type Column } from '../columnar-batch.js';
import { type Cell } from '../row-condition.js';
import { CountingTally } from './counting-tally.js';
import { maxSampleSize, type Outcome, type Tally } from './tally.js';

/** Counts rows without a value, or with one. Every row counts, because null is what is judged. */
export class NullTally extends CountingTally implements Tally {
  private readonly sample: Cell[] = [];

  constructor(
    private readonly nullExpected: boolean,
    private readonly mostly: number,
  ) {
    super();
  }

  override add(column: Column | undefined, from: number, to: number, mask: Uint8Array | undefined): void {
    if (column?.kind === 'numbers' && mask === undefined && !this.nullExpected) {
      this.countNumbers(column, from, to);
    } else if (column?.kind === 'texts' && mask === undefined && !this.nullExpected) {
      for (let row = from; row < to; row += 1) if ((column.codes[row] as number) < 0) this.missing += 1;
      this.elements += to - from;
    } else super.add(column, from, to, mask);
  }

  override value(value: number | string): void {
    if (this.nullExpected && this.sample.length < maxSampleSize) this.sample.push(value);
  }

  merge(later: NullTally): void {
    this.mergeCounts(later);
    this.sample.push(...later.sample.slice(0, maxSampleSize - this.sample.length));
  }

  outcome(): Outcome {
    const { elements, missing, present } = this;
    const unexpected = this.nullExpected ? present : missing;
    return {
      success: elements === 0 ? undefined : (elements - unexpected) / elements >= this.mostly,
      observed: elements === 0 ? undefined : (elements - unexpected) / elements,
      elementCount: elements,
      missingCount: missing,
      unexpectedCount: unexpected,
      unexpectedPercent: elements === 0 ? undefined : (unexpected / elements) * 100,
      sample: this.nullExpected
        ? this.sample
        : Array.from({ length: Math.min(missing, maxSampleSize) }, () => null),
    };
  }
}
