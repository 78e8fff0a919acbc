import { type Cell } from '../row-condition.js';
import { CountingTally } from './counting-tally.js';
import { maxSampleSize, type Outcome, type Tally } from './tally.js';

/**
 * Counts values that do not follow the one before them. Nulls are passed over. A text is compared with a text; what
 * cannot be compared is out of order.
 */
export class OrderTally extends CountingTally implements Tally {
  private unexpected = 0;
  private readonly sample: Cell[] = [];
  private first: number | string | undefined;
  private last: number | string | undefined;

  constructor(
    private readonly direction: 1 | -1,
    private readonly strictly: boolean,
    private readonly mostly: number,
  ) {
    super();
  }

  override value(value: number | string): void {
    this.follow(value);
    this.first ??= value;
    this.last = value;
  }

  merge(later: OrderTally): void {
    if (later.first !== undefined) this.follow(later.first);
    this.mergeCounts(later);
    this.unexpected += later.unexpected;
    this.sample.push(...later.sample.slice(0, maxSampleSize - this.sample.length));
    this.first ??= later.first;
    this.last = later.last ?? this.last;
  }

  outcome(): Outcome {
    return this.toValueOutcome(this.unexpected, this.sample, this.mostly);
  }

  private follow(value: number | string): void {
    const { last } = this;
    if (last === undefined) return;
    const [low, high] = this.direction > 0 ? [last, value] : [value, last];
    if (typeof low === typeof high && (low < high || (low === high && !this.strictly))) return;
    this.unexpected += 1;
    if (this.sample.length < maxSampleSize) this.sample.push(value);
  }
}
