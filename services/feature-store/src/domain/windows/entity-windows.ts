import { KeyCounts, quantileOfBoth } from './key-counts.js';
import { addToTile, clearTile, MinuteTiles } from './minute-tiles.js';
import { rowFields, RowLog } from './row-log.js';
import { minuteMs, type WindowLayout } from './window-layout.js';
import { WindowPlan } from './window-plan.js';

/**
 * How a reading was accepted: `appended` is the newest, `inserted` came late, `corrected` replaced an older-known row
 * of the same instant; `duplicate` and `superseded` change nothing; `too-late` is before everything that is kept.
 */
export type Acceptance = 'appended' | 'inserted' | 'corrected' | 'duplicate' | 'superseded' | 'too-late';

/** How full a window is: its rows, and the share of its length that the history covers. */
export interface WindowFill {
  readonly samples: number;
  readonly share: number;
}

const noKeys = new KeyCounts();

/**
 * Event-time windows of one entity over several columns, with the semantics of pandas `rolling('5min')`: a window at t
 * is (t - 5 min, t], missing values are skipped, the standard deviation is that of a sample.
 *
 * Rows are kept in order of time; each minute is also kept as a tile of mergeable moments. A window is the rows of its
 * first, partial minute, the whole tiles between, and the tile of the current minute, so its edge is exact to the
 * millisecond. Nothing is ever subtracted, so that an outlier that leaves the window leaves no rounding error behind.
 * Every part is computed from the rows in order of time, whatever order they arrived in: the same rows give the same
 * bits, also after a restore.
 *
 * A row is identified by its instant. A second row of an instant with equal values is a duplicate; with other values
 * it is a correction, and the one that became known later stays.
 *
 * - `slope` is that of least squares, in units of the column a minute; NaN of fewer than two samples.
 * - `ewma` weighs a sample of age a with 2^(-4 a / window), only those inside the window: pandas
 *   `ewm(halflife=window / 4, times=...)` of the rows of the window.
 * - `p95` and other quantiles are those of a DDSketch, within 1 % (`quantile-keys.ts`).
 * - `count` of no sample is 0; every other statistic of none is NaN. What overflows a double is no value either.
 */
export class EntityWindows {
  private readonly plan: WindowPlan;
  private readonly log: RowLog;
  private readonly tiles: MinuteTiles;
  /** Lanes of the whole minutes inside each window, as of `middleMinute`, with the sketches where there are any. */
  private readonly middle: Float64Array;
  private readonly middleSketches: readonly KeyCounts[];
  private middleMinute = Number.NaN;
  private sketchMinute = Number.NaN;
  /** How many rows were before the first of each window of the newest row; only moves forward between late rows. */
  private readonly starts: Float64Array;
  private areStartsKnown = false;

  constructor(readonly layout: WindowLayout) {
    const plan = WindowPlan.of(layout);
    const parts = plan.minutes.length * plan.columns;
    this.plan = plan;
    this.log = new RowLog(plan.columns);
    this.tiles = new MinuteTiles(plan);
    this.middle = new Float64Array(parts * plan.lanes);
    this.middleSketches =
      plan.quantiles.length === 0 ? [] : Array.from({ length: parts }, () => new KeyCounts());
    this.starts = new Float64Array(plan.minutes.length);
  }

  /** Instant of the newest row; NaN before the first. */
  get newest(): number {
    return this.log.tail === this.log.head ? Number.NaN : this.log.at(0, this.log.tail - 1);
  }

  /** Known time of the newest row. */
  get newestKnown(): number {
    return this.log.tail === this.log.head ? Number.NaN : this.log.at(1, this.log.tail - 1);
  }

  get size(): number {
    return this.log.tail - this.log.head;
  }

  /** Rows at or before this instant are dropped. */
  get horizon(): number {
    return this.size === 0 ? Number.NEGATIVE_INFINITY : this.newest - this.plan.retentionMs;
  }

  /** What the typed arrays take: 48 + 8 columns a row of room, 8 + 8 lanes x columns a tile, and the cached windows. */
  get bytes(): number {
    const sketches = this.middleSketches.reduce((sum, sketch) => sum + sketch.bytes, 0);
    return (
      this.log.data.byteLength + this.tiles.bytes + this.middle.byteLength + this.starts.byteLength + sketches
    );
  }

  /**
   * Adds a reading. `idHash` detects a reading id that was seen with another instant; NaN disables that.
   * `values` holds the columns in the order of the layout from `offset` on; NaN is a missing value.
   */
  accept(time: number, known: number, idHash: number, values: Float64Array, offset = 0): Acceptance {
    const { log } = this;
    if (log.tail > log.head) {
      const newest = log.at(0, log.tail - 1);
      if (time <= newest) return this.acceptLate(time, known, idHash, values, offset, newest);
      if (log.hasId(idHash)) return 'duplicate';
    }
    log.dropUntil(time - this.plan.retentionMs);
    log.append(time, known, idHash, values, offset);
    this.tiles.append(time, values, offset);
    return 'appended';
  }

  /**
   * Writes the features as of an instant, in the order of `windowFeatures`; NaN where there is no value or where the
   * window reaches back before the rows that are kept.
   */
  features(asOf: number, out: Float64Array, offset = 0): void {
    if (asOf === this.newest) {
      this.newestFeatures(asOf, out, offset);
    } else {
      this.earlierFeatures(asOf, out, offset);
    }
  }

  fill(asOf: number, window: number): WindowFill {
    const { log } = this;
    const length = (this.plan.minutes[window] as number) * minuteMs;
    const end = log.firstAfter(asOf);
    const oldest = Math.max(log.head, log.firstAfter(asOf - this.plan.retentionMs));
    if (end <= oldest) return { samples: 0, share: 0 };
    return {
      samples: end - log.firstAfter(asOf - length),
      share: Math.min(1, (asOf - log.at(0, oldest)) / length),
    };
  }

  /** The value of a column in the row of an instant; undefined when there is no such row, NaN when it was missing. */
  valueAt(time: number, column: number): number | undefined {
    const index = this.log.firstAtOrAfter(time);
    return index < this.log.tail && this.log.at(0, index) === time
      ? this.log.value(column, index)
      : undefined;
  }

  /** Whether a column had a value at any time in (after, until]. */
  hasValueWithin(column: number, after: number, until: number): boolean {
    const { log } = this;
    for (let index = log.firstAfter(after); index < log.tail && log.at(0, index) <= until; index += 1) {
      if (!Number.isNaN(log.value(column, index))) return true;
    }
    return false;
  }

  /** Row width of `exportRows`: instant, known time, id hash, values. */
  get rowWidth(): number {
    return this.log.width;
  }

  /** All rows, or those of the given instants that are still kept, one after the other in order of time. */
  exportRows(instants?: readonly number[]): Float64Array {
    const { log } = this;
    if (instants === undefined) {
      return log.rowsAt(Array.from({ length: this.size }, (_, index) => log.head + index));
    }
    const indexes: number[] = [];
    for (const instant of new Float64Array(instants).sort()) {
      const index = log.firstAtOrAfter(instant);
      if (index < log.tail && log.at(0, index) === instant) indexes.push(index);
    }
    return log.rowsAt(indexes);
  }

  /** Adds rows from `exportRows`, in any order, also twice. */
  importRows(rows: Float64Array): void {
    for (let start = 0; start + this.rowWidth <= rows.length; start += this.rowWidth) {
      const [time, known, idHash] = [rows[start], rows[start + 1], rows[start + 2]] as [
        number,
        number,
        number,
      ];
      this.accept(time, known, idHash, rows, start + rowFields);
    }
  }

  private acceptLate(
    time: number,
    known: number,
    idHash: number,
    values: Float64Array,
    offset: number,
    newest: number,
  ): Acceptance {
    const { log } = this;
    if (time <= newest - this.plan.retentionMs) return 'too-late';
    const found = log.firstAtOrAfter(time);
    const isCorrection = log.at(0, found) === time;
    if (isCorrection) {
      if (log.hasEqualValues(found, values, offset)) return 'duplicate';
      if (!log.isSupersededBy(found, known, values, offset)) return 'superseded';
      log.write(found, time, known, idHash, values, offset);
    } else {
      if (log.hasId(idHash)) return 'duplicate';
      log.insert(time, known, idHash, values, offset);
    }
    this.tiles.rebuild(Math.floor(time / minuteMs), log);
    // Invalidates what was derived from the minute.
    this.middleMinute = Number.NaN;
    this.sketchMinute = Number.NaN;
    this.areStartsKnown = false;
    return isCorrection ? 'corrected' : 'inserted';
  }

  private newestFeatures(asOf: number, out: Float64Array, offset: number): void {
    const { plan, log, starts, tiles } = this;
    const minute = Math.floor(asOf / minuteMs);
    if (this.middleMinute !== minute) {
      this.mergeMiddle(minute, this.middle);
      if (plan.quantiles.length > 0) this.mergeMiddleSketches(minute);
      this.middleMinute = minute;
    }
    const slot = tiles.slotOf(minute);
    const { data, tail, head, dropped } = log;
    for (let window = 0; window < plan.minutes.length; window += 1) {
      const minutes = plan.minutes[window] as number;
      const after = asOf - minutes * minuteMs;
      let start = head;
      if (this.areStartsKnown) {
        start = Math.max(head, (starts[window] as number) - dropped);
        while (start < tail && (data[start] as number) <= after) start += 1;
      } else {
        start = log.firstAfter(after);
      }
      starts[window] = start + dropped;
      const edge = (minute - minutes + 1) * minuteMs;
      let end = start;
      while (end < tail && (data[end] as number) < edge) end += 1;
      this.combine(window, start, end, minute, this.middle, tiles.data, slot, out, offset);
      if (plan.quantiles.length === 0) continue;
      for (let column = 0; column < plan.columns; column += 1) {
        const edges = this.keysOfRows(column, start, end);
        const current = tiles.sketch(slot, column);
        if (current !== undefined) edges.addAll(current);
        const whole = this.middleSketches[window * plan.columns + column] as KeyCounts;
        this.writeQuantiles(whole, edges, window, column, out, offset);
      }
    }
    this.areStartsKnown = true;
  }

  /** The windows of an instant that is not the newest: the same parts, the current minute up to that instant. */
  private earlierFeatures(asOf: number, out: Float64Array, offset: number): void {
    const { plan, log } = this;
    out.fill(Number.NaN, offset, offset + plan.features);
    if (this.size === 0) return;
    const minute = Math.floor(asOf / minuteMs);
    const until = log.firstAfter(asOf);
    const current = plan.scratchCurrent;
    this.foldRows(minute, until, current);
    this.mergeMiddle(minute, plan.scratchMiddle);
    for (let window = 0; window < plan.minutes.length; window += 1) {
      const minutes = plan.minutes[window] as number;
      const after = asOf - minutes * minuteMs;
      if (after < this.horizon) continue;
      const start = log.firstAfter(after);
      const end = Math.min(until, log.firstAtOrAfter((minute - minutes + 1) * minuteMs));
      this.combine(window, start, end, minute, plan.scratchMiddle, current, 0, out, offset);
      if (plan.quantiles.length === 0) continue;
      for (let column = 0; column < plan.columns; column += 1) {
        const keys = this.keysOfRows(column, start, until);
        this.writeQuantiles(keys, noKeys, window, column, out, offset);
      }
    }
  }

  /** A tile of the rows of a minute before a place in the log. */
  private foldRows(minute: number, until: number, into: Float64Array): void {
    const { plan, log } = this;
    clearTile(plan, into, 0, minute);
    const end = Math.min(until, log.firstAtOrAfter((minute + 1) * minuteMs));
    for (let row = log.firstAtOrAfter(minute * minuteMs); row < end; row += 1) {
      const instant = (log.at(0, row) - minute * minuteMs) / minuteMs;
      for (let column = 0; column < plan.columns; column += 1) {
        addToTile(plan, into, 0, column, log.value(column, row), instant);
      }
    }
  }

  /**
   * Merges the whole minutes of every window in one walk back in time: a longer window continues where the shorter one
   * ended. Chan's merge keeps the mean of equal values exact, so that their deviation is 0. A minute that has left
   * the ring, as the first ones of a late window may have, is folded from its rows.
   */
  private mergeMiddle(minute: number, middle: Float64Array): void {
    const { plan, log } = this;
    const { columns, lanes, tileStride, extra, accumulated } = plan;
    const tiles = this.tiles.data;
    const slots = tiles.length;
    const newestSlot = this.tiles.slotOf(minute);
    const oldestInRing = Math.floor(this.newest / minuteMs) - plan.ring;
    for (let column = 0; column < columns; column += 1) {
      let count = 0;
      let mean = 0;
      let m2 = 0;
      let max = Number.NEGATIVE_INFINITY;
      let back = 1;
      let slot = newestSlot;
      extra?.clear(accumulated, 0);
      for (let window = 0; window < plan.minutes.length; window += 1) {
        for (const minutes = plan.minutes[window] as number; back < minutes; back += 1) {
          slot -= tileStride;
          if (slot < 0) slot += slots;
          let from = tiles;
          let at = slot + 1 + column * lanes;
          if (tiles[slot] !== minute - back) {
            if (minute - back > oldestInRing) continue;
            from = plan.scratchTile;
            at = 1 + column * lanes;
            this.foldRows(minute - back, log.tail, from);
          }
          const samples = from[at] as number;
          if (samples === 0) continue;
          if (extra !== undefined) extra.merge(accumulated, 0, count, mean, from, at, back, true, window);
          const theirs = from[at + 1] as number;
          m2 = mergeSquares(m2, from[at + 2] as number, mean, theirs, count, samples);
          mean = mergeMeans(mean, theirs, count, samples);
          count += samples;
          const high = from[at + 3] as number;
          if (high > max) max = high;
        }
        const to = (window * columns + column) * lanes;
        if (extra !== undefined) middle.set(accumulated, to);
        middle[to] = count;
        middle[to + 1] = mean;
        middle[to + 2] = m2;
        middle[to + 3] = max;
      }
    }
  }

  /**
   * The sketches of the whole minutes of every window. From one minute to the next one tile is added and one is
   * removed; because they are counts, removing a tile leaves exactly the others.
   */
  private mergeMiddleSketches(minute: number): void {
    const { plan } = this;
    const isNext = this.sketchMinute === minute - 1;
    this.sketchMinute = minute;
    for (let column = 0; column < plan.columns; column += 1) {
      let back = 1;
      let shorter: KeyCounts | undefined;
      for (let window = 0; window < plan.minutes.length; window += 1) {
        const minutes = plan.minutes[window] as number;
        const sketch = this.middleSketches[window * plan.columns + column] as KeyCounts;
        if (isNext && minutes > 1) {
          sketch.addAll(this.tileKeys(minute - 1, column));
          sketch.removeAll(this.tileKeys(minute - minutes, column));
          continue;
        }
        sketch.clear();
        if (shorter !== undefined) sketch.addAll(shorter);
        for (; back < minutes; back += 1) sketch.addAll(this.tileKeys(minute - back, column));
        shorter = sketch;
      }
    }
  }

  private tileKeys(minute: number, column: number): KeyCounts {
    const slot = this.tiles.slotOf(minute);
    const isThere = this.tiles.data[slot] === minute;
    return (isThere ? this.tiles.sketch(slot, column) : undefined) ?? noKeys;
  }

  /** First partial minute, whole minutes, current minute: Chan's merge, twice. */
  private combine(
    window: number,
    start: number,
    end: number,
    minute: number,
    middle: Float64Array,
    tiles: Float64Array,
    slot: number,
    out: Float64Array,
    offset: number,
  ): void {
    const { plan } = this;
    const { columns, lanes, extra, accumulated, places } = plan;
    const { data, capacity } = this.log;
    for (let column = 0; column < columns; column += 1) {
      let count = 0;
      let mean = 0;
      let m2 = 0;
      let max = Number.NEGATIVE_INFINITY;
      extra?.clear(accumulated, 0);
      const base = (rowFields + column) * capacity;
      for (let row = start; row < end; row += 1) {
        const value = data[base + row] as number;
        if (value !== value) continue;
        count += 1;
        const delta = value - mean;
        mean += delta / count;
        m2 += delta * (value - mean);
        if (value > max) max = value;
        if (extra !== undefined) {
          const instant = ((data[row] as number) - minute * minuteMs) / minuteMs;
          extra.add(accumulated, 0, count, mean, value, instant, window, window + 1);
        }
      }
      let at = (window * columns + column) * lanes;
      let samples = middle[at] as number;
      if (samples > 0) {
        if (extra !== undefined) {
          extra.merge(accumulated, 0, count, mean, middle, at, 0, false, window, window + 1);
        }
        const theirs = middle[at + 1] as number;
        m2 = mergeSquares(m2, middle[at + 2] as number, mean, theirs, count, samples);
        mean = mergeMeans(mean, theirs, count, samples);
        count += samples;
        if ((middle[at + 3] as number) > max) max = middle[at + 3] as number;
      }
      at = slot + 1 + column * lanes;
      samples = tiles[at] as number;
      if (samples > 0) {
        if (extra !== undefined) {
          extra.merge(accumulated, 0, count, mean, tiles, at, 0, false, window, window + 1);
        }
        const theirs = tiles[at + 1] as number;
        m2 = mergeSquares(m2, tiles[at + 2] as number, mean, theirs, count, samples);
        mean = mergeMeans(mean, theirs, count, samples);
        count += samples;
        if ((tiles[at + 3] as number) > max) max = tiles[at + 3] as number;
      }
      const to = offset + (window * columns + column) * plan.statistics;
      if (places.mean >= 0) out[to + places.mean] = count === 0 ? Number.NaN : mean;
      if (places.std >= 0) out[to + places.std] = count < 2 ? Number.NaN : Math.sqrt(m2 / (count - 1));
      if (places.max >= 0) out[to + places.max] = count === 0 ? Number.NaN : max;
      if (places.count >= 0) out[to + places.count] = count;
      if (extra !== undefined) this.writeExtra(count, window, out, to);
    }
  }

  private writeExtra(count: number, window: number, out: Float64Array, to: number): void {
    const { extra, extraPlaces, slopePlace, ewmaPlace, accumulated } = this.plan;
    if (extra === undefined) return;
    for (const { lane, place } of extraPlaces) {
      out[to + place] = count === 0 ? Number.NaN : (accumulated[extra[lane]] as number);
    }
    if (slopePlace >= 0) {
      const spread = accumulated[extra.slope + 1] as number;
      out[to + slopePlace] = count < 2 ? Number.NaN : (accumulated[extra.slope + 2] as number) / spread;
    }
    if (ewmaPlace >= 0) {
      const lane = extra.ewma + 2 * window;
      out[to + ewmaPlace] =
        (accumulated[lane] as number) > 0 ? (accumulated[lane + 1] as number) : Number.NaN;
    }
  }

  private keysOfRows(column: number, start: number, end: number): KeyCounts {
    const keys = this.plan.scratchKeys;
    keys.clear();
    for (let row = start; row < end; row += 1) keys.add(this.log.value(column, row));
    return keys;
  }

  private writeQuantiles(
    keys: KeyCounts,
    others: KeyCounts,
    window: number,
    column: number,
    out: Float64Array,
    offset: number,
  ): void {
    const to = offset + (window * this.plan.columns + column) * this.plan.statistics;
    for (const { share, place } of this.plan.quantiles) out[to + place] = quantileOfBoth(keys, others, share);
  }
}

/** The mean of two samples together, by Chan's formula. */
function mergeMeans(ours: number, theirs: number, count: number, samples: number): number {
  return ours + (theirs - ours) * (samples / (count + samples));
}

/**
 * The sum of squared deviations (M2) of two samples together, by Chan's formula. On scalars, so that it is inlined where it
 * runs for every reading, window and column: `mergeMoments` of `@headrace/statistics` allocates its result and rounds
 * differently, and lanes of a typed array as accumulator cost 8 % of the throughput.
 */
function mergeSquares(
  ours: number,
  theirs: number,
  ourMean: number,
  theirMean: number,
  count: number,
  samples: number,
): number {
  const delta = theirMean - ourMean;
  return ours + (theirs + delta * delta * count * (samples / (count + samples)));
}
