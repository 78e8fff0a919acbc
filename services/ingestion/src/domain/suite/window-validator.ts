import { type CompiledSuite } from './compiled-suite.js';
import { toColumnarBatch } from './to-columnar-batch.js';
import { type Judged, type Reading } from '../reading/reading.js';
import { type SuiteResults, type SuiteTally } from './suite-tally.js';

export interface ValidatedWindow extends SuiteResults {
  readonly start: Date;
  readonly end: Date;
}

interface Slice {
  readonly start: number;
  readonly tally: SuiteTally;
  waiting: Reading[];
}

/** Readings that are buffered before they become columns; afterwards only the tallies remain. */
const maxWaiting = 1_024;

/**
 * Validates sliding windows of arrival time, over accepted and quarantined readings alike. Keeps one tally per slide; a
 * window is the merge of its slides.
 */
export class WindowValidator {
  private slices: Slice[] = [];

  constructor(
    private readonly suite: CompiledSuite,
    private readonly lengthMs: number,
    private readonly slideMs: number,
  ) {}

  observe(judged: Judged, arrival: Date): void {
    const slice = this.sliceAt(arrival.getTime());
    const { reading } = judged;
    if (reading === undefined) {
      slice.tally.addUnreadable(judged.outcome === 'quarantined' ? judged.reasons : []);
      return;
    }
    slice.waiting.push(reading);
    if (slice.waiting.length >= maxWaiting) this.tallyWaiting(slice);
  }

  /** The window that ends at `end`. An empty window is judged too: silence fails a row count. */
  validate(end: Date): ValidatedWindow {
    const start = end.getTime() - this.lengthMs;
    this.slices = this.slices.filter((slice) => slice.start + this.slideMs > start);
    const whole = this.suite.newTally();
    for (const slice of this.slices) {
      if (slice.start >= end.getTime()) continue;
      this.tallyWaiting(slice);
      whole.merge(slice.tally);
    }
    return { start: new Date(start), end, ...whole.results(end) };
  }

  private tallyWaiting(slice: Slice): void {
    if (slice.waiting.length === 0) return;
    slice.tally.add(toColumnarBatch(slice.waiting, this.suite));
    slice.waiting = [];
  }

  private sliceAt(time: number): Slice {
    const start = Math.floor(time / this.slideMs) * this.slideMs;
    const last = this.slices.at(-1);
    if (last?.start === start) return last;
    const slice = { start, tally: this.suite.newTally(), waiting: [] };
    this.slices.push(slice);
    return slice;
  }
}
