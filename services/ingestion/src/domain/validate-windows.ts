import { valueOf, type CompiledSuite } from './compile-suite.js';
import { type Judged } from './reading.js';

export interface WindowResult {
  readonly expectation: string;
  readonly column: string | null;
  /** Null: there was nothing to judge. */
  readonly success: boolean | null;
  readonly observed: number | null;
  readonly unexpectedCount: number;
  readonly unexpectedSample: string[];
}

export interface ValidatedWindow {
  readonly start: Date;
  readonly end: Date;
  readonly rows: number;
  readonly success: boolean;
  readonly results: WindowResult[];
}

interface Tally {
  judged: number;
  unexpected: number;
  readonly sample: string[];
}

interface Slice {
  readonly start: number;
  rows: number;
  readonly tallies: Map<string, Tally>;
}

const sampleSize = 10;

/**
 * Judges a suite over sliding windows of arrival time, accepted and quarantined readings alike. Keeps counts by slices
 * of one slide, so memory does not grow with traffic. `observed` is the share of values that were as expected, of those
 * that there were; for the row count it is the count.
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
    slice.rows += 1;
    for (const { rule, column, against } of this.suite.rules) {
      const key = `${rule}(${column})`;
      const tally = tallyOf(slice.tallies, key);
      if (judged.outcome === 'accepted') {
        const value = valueOf(judged.reading, column);
        if (value === null && rule !== 'expect_column_values_to_not_be_null') continue;
        tally.judged += 1;
        if (against(value) !== undefined) count(tally, String(value));
        continue;
      }
      tally.judged += 1;
      const reason = judged.reasons.find((each) => each.column === column);
      if (reason !== undefined) count(tally, reason.observed);
    }
  }

  /** The window that ends at `end`. Also a window without a single row is judged: silence fails a row count. */
  validate(end: Date): ValidatedWindow {
    const start = end.getTime() - this.lengthMs;
    this.slices = this.slices.filter((slice) => slice.start + this.slideMs > start);
    const inside = this.slices.filter((slice) => slice.start < end.getTime());
    const rows = inside.reduce((sum, slice) => sum + slice.rows, 0);
    const results = this.suite.rules.map(({ rule, column, mostly }): WindowResult => {
      const tallies = inside.flatMap((slice) => slice.tallies.get(`${rule}(${column})`) ?? []);
      const judged = tallies.reduce((sum, tally) => sum + tally.judged, 0);
      const unexpectedCount = tallies.reduce((sum, tally) => sum + tally.unexpected, 0);
      const observed = judged === 0 ? null : (judged - unexpectedCount) / judged;
      return {
        expectation: rule,
        column,
        success: observed === null ? null : observed >= mostly,
        observed,
        unexpectedCount,
        unexpectedSample: tallies.flatMap(({ sample }) => sample).slice(0, sampleSize),
      };
    });
    if (this.suite.rowCount !== undefined) {
      const { min, max } = this.suite.rowCount;
      const success = rows >= min && rows <= max;
      results.unshift({
        expectation: 'expect_table_row_count_to_be_between',
        column: null,
        success,
        observed: rows,
        unexpectedCount: success ? 0 : 1,
        unexpectedSample: [],
      });
    }
    return {
      start: new Date(start),
      end,
      rows,
      success: rows > 0 && results.every(({ success }) => success !== false),
      results,
    };
  }

  private sliceAt(time: number): Slice {
    const start = Math.floor(time / this.slideMs) * this.slideMs;
    const last = this.slices.at(-1);
    if (last?.start === start) return last;
    const slice = { start, rows: 0, tallies: new Map<string, Tally>() };
    this.slices.push(slice);
    return slice;
  }
}

function tallyOf(tallies: Map<string, Tally>, key: string): Tally {
  let tally = tallies.get(key);
  if (tally === undefined) {
    tally = { judged: 0, unexpected: 0, sample: [] };
    tallies.set(key, tally);
  }
  return tally;
}

function count(tally: Tally, observed: string): void {
  tally.unexpected += 1;
  if (tally.sample.length < sampleSize) tally.sample.push(observed);
}
