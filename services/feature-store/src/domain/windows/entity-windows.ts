import { minuteMs, windowStatistics, type WindowLayout } from './window-layout.js';

/**
 * What became of a reading: `appended` is the newest, `inserted` came late, `corrected` replaced an older-known row of
 * the same instant; `duplicate` and `superseded` change nothing; `too-late` lies before everything that is kept.
 */
export type Acceptance = 'appended' | 'inserted' | 'corrected' | 'duplicate' | 'superseded' | 'too-late';

/** How much of a window there was to see: rows in it, and the share of its length that the history reaches back. */
export interface WindowFill {
  readonly samples: number;
  readonly share: number;
}

// One tile: count, mean, sum of squared deviations, largest of one column in one minute. What else `Moments` knows
// (sum, smallest, first, last) no window asks for yet, and 100,000 entities would pay for it.
const tileFields = 4;
const rowFields = 3;
const initialRows = 16;
// A producer that repeats an id with another instant does so at once; looking through every row would cost more than
// all windows together.
const rememberedIds = 64;

/**
 * Event-time windows of one entity over several columns, with the semantics of pandas `rolling('5min')`: a window at t
 * is (t - 5 min, t], missing values are skipped, the standard deviation is that of a sample.
 *
 * Rows are kept in order of time; each minute is also kept as a tile of mergeable moments. A window is the rows of its
 * first, partial minute, the whole tiles between, and the tile of the current minute. Nothing is ever subtracted, so
 * that an outlier leaves no rounding error behind when it leaves the window. Every part is computed from the rows in
 * order of time, whatever order they came in: the same rows give the same bits, also after a restore.
 *
 * A row is identified by its instant. A second row of an instant with equal values is a duplicate; with other values
 * it is a correction, and the one that became known later stays.
 */
export class EntityWindows {
  private readonly columns: number;
  private readonly windows: number;
  private readonly ring: number;
  private readonly tileStride: number;
  private readonly retentionMs: number;

  /** Rows by column: instants, known times, hashes of reading ids, then the values; each `capacity` long. */
  private rows: Float64Array;
  private capacity = initialRows;
  private head = 0;
  private tail = 0;

  /** One tile a minute: the minute, then the moments of each column. */
  private readonly tiles: Float64Array;
  /** Moments of the whole minutes inside each window, as of `middleMinute`. */
  private readonly middle: Float64Array;
  private middleMinute = Number.NaN;
  /** Where each window of the newest row begins; only ever moves forward between late rows. */
  private readonly starts: Int32Array;

  constructor(readonly layout: WindowLayout) {
    this.columns = layout.columns.length;
    this.windows = layout.windowMinutes.length;
    this.ring = Math.max(...layout.windowMinutes) + 1;
    this.tileStride = 1 + this.columns * tileFields;
    this.retentionMs = (this.ring - 1 + layout.latenessMinutes) * minuteMs;
    this.rows = new Float64Array(this.capacity * (rowFields + this.columns));
    this.tiles = new Float64Array(this.ring * this.tileStride).fill(Number.NaN);
    this.middle = new Float64Array(this.windows * this.columns * tileFields);
    this.starts = new Int32Array(this.windows);
  }

  /** Instant of the newest row; NaN before the first. */
  get newest(): number {
    return this.tail === this.head ? Number.NaN : this.at(0, this.tail - 1);
  }

  /** Known time of the newest row. */
  get newestKnown(): number {
    return this.tail === this.head ? Number.NaN : this.at(1, this.tail - 1);
  }

  get size(): number {
    return this.tail - this.head;
  }

  /** Rows at or before this instant are no longer kept. */
  get horizon(): number {
    return this.tail === this.head ? Number.NEGATIVE_INFINITY : this.newest - this.retentionMs;
  }

  /**
   * Takes a reading in. `idHash` recognises a reading id that was seen with another instant; NaN leaves that out.
   * `values` holds the columns in the order of the layout from `offset` on; NaN is a missing value.
   */
  accept(time: number, known: number, idHash: number, values: Float64Array, offset = 0): Acceptance {
    const { head, tail } = this;
    if (tail > head) {
      const newest = this.at(0, tail - 1);
      if (time <= newest) return this.acceptLate(time, known, idHash, values, offset, newest);
      if (this.hasId(idHash)) return 'duplicate';
    }
    this.append(time, known, idHash, values, offset);
    return 'appended';
  }

  /**
   * Writes the features as of an instant: for each window and column mean, standard deviation and maximum; NaN where
   * there was no value (for the deviation: fewer than two) or where the window reaches before what is kept.
   */
  features(asOf: number, out: Float64Array, offset = 0): void {
    if (asOf === this.newest) {
      this.newestFeatures(asOf, out, offset);
    } else {
      this.earlierFeatures(asOf, out, offset);
    }
  }

  fill(asOf: number, window: number): WindowFill {
    const length = this.minutesOf(window) * minuteMs;
    const end = this.firstAfter(asOf);
    const oldest = Math.max(this.head, this.firstAfter(asOf - this.retentionMs));
    if (end <= oldest) return { samples: 0, share: 0 };
    return {
      samples: end - this.firstAfter(asOf - length),
      share: Math.min(1, (asOf - this.at(0, oldest)) / length),
    };
  }

  /** The value of a column in the row of an instant; undefined when there is no such row, NaN when it was missing. */
  valueAt(time: number, column: number): number | undefined {
    const index = this.firstAtOrAfter(time);
    return index < this.tail && this.at(0, index) === time ? this.at(rowFields + column, index) : undefined;
  }

  /** Whether a column had a value at any time in (after, until]. */
  hasValueWithin(column: number, after: number, until: number): boolean {
    for (let index = this.firstAfter(after); index < this.tail && this.at(0, index) <= until; index += 1) {
      if (!Number.isNaN(this.at(rowFields + column, index))) return true;
    }
    return false;
  }

  /** Row width of `exportRows`: instant, known time, id hash, values. */
  get rowWidth(): number {
    return rowFields + this.columns;
  }

  /** All rows, or those of the given instants that are still kept, one after the other in order of time. */
  exportRows(instants?: readonly number[]): Float64Array {
    const indexes: number[] = [];
    if (instants === undefined) {
      for (let index = this.head; index < this.tail; index += 1) indexes.push(index);
    } else {
      for (const instant of [...instants].sort((a, b) => a - b)) {
        const index = this.firstAtOrAfter(instant);
        if (index < this.tail && this.at(0, index) === instant) indexes.push(index);
      }
    }
    const out = new Float64Array(indexes.length * this.rowWidth);
    for (const [row, index] of indexes.entries()) {
      for (let field = 0; field < this.rowWidth; field += 1)
        out[row * this.rowWidth + field] = this.at(field, index);
    }
    return out;
  }

  /** Takes in rows that `exportRows` gave; in any order, also twice. */
  importRows(rows: Float64Array): void {
    for (let start = 0; start + this.rowWidth <= rows.length; start += this.rowWidth) {
      this.accept(
        rows[start] as number,
        rows[start + 1] as number,
        rows[start + 2] as number,
        rows,
        start + rowFields,
      );
    }
  }

  private at(field: number, index: number): number {
    return this.rows[field * this.capacity + index] as number;
  }

  private minutesOf(window: number): number {
    return this.layout.windowMinutes[window] as number;
  }

  private hasId(idHash: number): boolean {
    if (idHash !== idHash) return false;
    const rows = this.rows;
    const end = 2 * this.capacity + this.tail;
    for (let index = end - Math.min(this.size, rememberedIds); index < end; index += 1) {
      if (rows[index] === idHash) return true;
    }
    return false;
  }

  private append(time: number, known: number, idHash: number, values: Float64Array, offset: number): void {
    const oldest = time - this.retentionMs;
    while (this.head < this.tail && this.at(0, this.head) <= oldest) this.head += 1;
    this.makeRoom();
    const index = this.tail;
    this.tail += 1;
    this.writeRow(index, time, known, idHash, values, offset);
    const minute = Math.floor(time / minuteMs);
    const tile = this.tileSlot(minute);
    if (this.tiles[tile] !== minute) this.clearTile(tile, minute);
    for (let column = 0; column < this.columns; column += 1) {
      this.addToTile(tile + 1 + column * tileFields, values[offset + column] as number);
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
    if (time <= newest - this.retentionMs) return 'too-late';
    const found = this.firstAtOrAfter(time);
    if (found < this.tail && this.at(0, found) === time) {
      if (this.hasEqualValues(found, values, offset)) return 'duplicate';
      if (!this.isKnownLater(found, known, values, offset)) return 'superseded';
      this.writeRow(found, time, known, idHash, values, offset);
      this.rebuildTile(Math.floor(time / minuteMs));
      return 'corrected';
    }
    if (this.hasId(idHash)) return 'duplicate';
    this.makeRoom();
    const index = this.firstAtOrAfter(time);
    for (let field = 0; field < this.rowWidth; field += 1) {
      const start = field * this.capacity;
      this.rows.copyWithin(start + index + 1, start + index, start + this.tail);
    }
    this.tail += 1;
    this.writeRow(index, time, known, idHash, values, offset);
    this.rebuildTile(Math.floor(time / minuteMs));
    return 'inserted';
  }

  private hasEqualValues(index: number, values: Float64Array, offset: number): boolean {
    for (let column = 0; column < this.columns; column += 1) {
      const kept = this.at(rowFields + column, index);
      const offered = values[offset + column] as number;
      if (kept !== offered && !(Number.isNaN(kept) && Number.isNaN(offered))) return false;
    }
    return true;
  }

  /** Known at the same moment, the greater values win, so that the order of arrival decides nothing. */
  private isKnownLater(index: number, known: number, values: Float64Array, offset: number): boolean {
    const keptKnown = this.at(1, index);
    if (known !== keptKnown) return known > keptKnown;
    for (let column = 0; column < this.columns; column += 1) {
      const kept = this.at(rowFields + column, index);
      const offered = values[offset + column] as number;
      if (kept === offered || (Number.isNaN(kept) && Number.isNaN(offered))) continue;
      return Number.isNaN(kept) || offered > kept;
    }
    return false;
  }

  private writeRow(
    index: number,
    time: number,
    known: number,
    idHash: number,
    values: Float64Array,
    offset: number,
  ): void {
    const { rows, capacity } = this;
    rows[index] = time;
    rows[capacity + index] = known;
    rows[2 * capacity + index] = idHash;
    for (let column = 0; column < this.columns; column += 1) {
      rows[(rowFields + column) * capacity + index] = values[offset + column] as number;
    }
  }

  /** Room for one row at the end: moves the rows to the front when a tenth of the space is free there, else grows. */
  private makeRoom(): void {
    if (this.tail < this.capacity) return;
    const size = this.tail - this.head;
    const capacity = this.head * 10 >= this.capacity ? this.capacity : Math.ceil(this.capacity * 1.25);
    const rows = capacity === this.capacity ? this.rows : new Float64Array(capacity * this.rowWidth);
    for (let field = 0; field < this.rowWidth; field += 1) {
      const start = field * this.capacity;
      if (rows === this.rows) {
        rows.copyWithin(start, start + this.head, start + this.tail);
      } else {
        rows.set(this.rows.subarray(start + this.head, start + this.tail), field * capacity);
      }
    }
    for (let window = 0; window < this.windows; window += 1) {
      this.starts[window] = Math.max(0, (this.starts[window] as number) - this.head);
    }
    this.rows = rows;
    this.capacity = capacity;
    this.head = 0;
    this.tail = size;
  }

  private firstAfter(time: number): number {
    let low = this.head;
    let high = this.tail;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.at(0, middle) <= time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private firstAtOrAfter(time: number): number {
    let low = this.head;
    let high = this.tail;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.at(0, middle) < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private tileSlot(minute: number): number {
    return (((minute % this.ring) + this.ring) % this.ring) * this.tileStride;
  }

  private clearTile(tile: number, minute: number): void {
    const { tiles } = this;
    tiles[tile] = minute;
    for (let column = 0; column < this.columns; column += 1) {
      const at = tile + 1 + column * tileFields;
      tiles[at] = 0;
      tiles[at + 1] = 0;
      tiles[at + 2] = 0;
      tiles[at + 3] = Number.NEGATIVE_INFINITY;
    }
  }

  private addToTile(at: number, value: number): void {
    if (value !== value) return;
    const { tiles } = this;
    const count = (tiles[at] as number) + 1;
    const mean = tiles[at + 1] as number;
    const delta = value - mean;
    const next = mean + delta / count;
    tiles[at] = count;
    tiles[at + 1] = next;
    tiles[at + 2] = (tiles[at + 2] as number) + delta * (value - next);
    if (value > (tiles[at + 3] as number)) tiles[at + 3] = value;
  }

  /** After a late row: the minute again from its rows, in order of time. What was derived from it is forgotten. */
  private rebuildTile(minute: number): void {
    this.middleMinute = Number.NaN;
    this.starts.fill(this.head);
    const tile = this.tileSlot(minute);
    const held = this.tiles[tile] as number;
    // The slot belongs to a newer minute by now: this one is read from its rows when it is needed.
    if (held > minute) return;
    this.clearTile(tile, minute);
    this.foldRows(minute * minuteMs, (minute + 1) * minuteMs, (column, value) => {
      this.addToTile(tile + 1 + column * tileFields, value);
    });
  }

  private foldRows(from: number, before: number, add: (column: number, value: number) => void): void {
    for (let index = this.firstAtOrAfter(from); index < this.tail && this.at(0, index) < before; index += 1) {
      for (let column = 0; column < this.columns; column += 1)
        add(column, this.at(rowFields + column, index));
    }
  }

  private newestFeatures(asOf: number, out: Float64Array, offset: number): void {
    const minute = Math.floor(asOf / minuteMs);
    if (this.middleMinute !== minute) {
      this.mergeMiddle(minute);
      this.middleMinute = minute;
    }
    const current = this.tileSlot(minute);
    const { rows, starts, tail, head } = this;
    for (let window = 0; window < this.windows; window += 1) {
      const minutes = this.minutesOf(window);
      const after = asOf - minutes * minuteMs;
      let start = starts[window] as number;
      if (start < head) start = head;
      while (start < tail && (rows[start] as number) <= after) start += 1;
      starts[window] = start;
      const edge = (minute - minutes + 1) * minuteMs;
      let end = start;
      while (end < tail && (rows[end] as number) < edge) end += 1;
      this.combine(window, start, end, current, out, offset);
    }
  }

  /** The windows of an instant that is not the newest: as if its row had been the newest. */
  private earlierFeatures(asOf: number, out: Float64Array, offset: number): void {
    const perWindow = this.columns * windowStatistics.length;
    out.fill(Number.NaN, offset, offset + this.windows * perWindow);
    const then = new EntityWindows(this.layout);
    const end = this.firstAfter(asOf);
    const values = new Float64Array(this.columns);
    for (let index = this.firstAfter(asOf - this.retentionMs); index < end; index += 1) {
      for (let column = 0; column < this.columns; column += 1) {
        values[column] = this.at(rowFields + column, index);
      }
      then.append(this.at(0, index), 0, Number.NaN, values, 0);
    }
    if (then.size === 0) return;
    // No row at that very instant: the windows end there all the same.
    if (then.newest !== asOf) then.append(asOf, 0, Number.NaN, values.fill(Number.NaN), 0);
    then.newestFeatures(asOf, out, offset);
    for (let window = 0; window < this.windows; window += 1) {
      if (asOf - this.minutesOf(window) * minuteMs >= this.horizon) continue;
      out.fill(Number.NaN, offset + window * perWindow, offset + (window + 1) * perWindow);
    }
  }

  /**
   * Merges the whole minutes of every window in one walk back in time: a longer window goes on where the shorter one
   * ended. Chan's merge keeps the mean of equal values exact, so that their deviation is 0.
   */
  private mergeMiddle(minute: number): void {
    const { tiles, middle, columns, tileStride } = this;
    const slots = tiles.length;
    const newest = this.tileSlot(minute);
    for (let column = 0; column < columns; column += 1) {
      let count = 0;
      let mean = 0;
      let m2 = 0;
      let max = Number.NEGATIVE_INFINITY;
      let back = 1;
      let tile = newest;
      for (let window = 0; window < this.windows; window += 1) {
        for (const minutes = this.minutesOf(window); back < minutes; back += 1) {
          tile -= tileStride;
          if (tile < 0) tile += slots;
          if (tiles[tile] !== minute - back) continue;
          const at = tile + 1 + column * tileFields;
          const samples = tiles[at] as number;
          if (samples === 0) continue;
          const together = count + samples;
          const share = samples / together;
          const delta = (tiles[at + 1] as number) - mean;
          m2 += (tiles[at + 2] as number) + delta * delta * count * share;
          mean += delta * share;
          count = together;
          const high = tiles[at + 3] as number;
          if (high > max) max = high;
        }
        const to = (window * columns + column) * tileFields;
        middle[to] = count;
        middle[to + 1] = mean;
        middle[to + 2] = m2;
        middle[to + 3] = max;
      }
    }
  }

  /** First partial minute, whole minutes, current minute: Chan's merge, twice. */
  private combine(
    window: number,
    start: number,
    end: number,
    current: number,
    out: Float64Array,
    offset: number,
  ): void {
    const { rows, tiles, middle, columns, capacity } = this;
    for (let column = 0; column < columns; column += 1) {
      let count = 0;
      let mean = 0;
      let m2 = 0;
      let max = Number.NEGATIVE_INFINITY;
      const base = (rowFields + column) * capacity;
      for (let index = base + start; index < base + end; index += 1) {
        const value = rows[index] as number;
        if (value !== value) continue;
        count += 1;
        const delta = value - mean;
        mean += delta / count;
        m2 += delta * (value - mean);
        if (value > max) max = value;
      }
      let at = (window * columns + column) * tileFields;
      let samples = middle[at] as number;
      if (samples > 0) {
        const share = samples / (count + samples);
        const delta = (middle[at + 1] as number) - mean;
        m2 += (middle[at + 2] as number) + delta * delta * count * share;
        mean += delta * share;
        count += samples;
        if ((middle[at + 3] as number) > max) max = middle[at + 3] as number;
      }
      at = current + 1 + column * tileFields;
      samples = tiles[at] as number;
      if (samples > 0) {
        const share = samples / (count + samples);
        const delta = (tiles[at + 1] as number) - mean;
        m2 += (tiles[at + 2] as number) + delta * delta * count * share;
        mean += delta * share;
        count += samples;
        if ((tiles[at + 3] as number) > max) max = tiles[at + 3] as number;
      }
      const to = offset + (window * columns + column) * windowStatistics.length;
      out[to] = count === 0 ? Number.NaN : mean;
      out[to + 1] = count < 2 ? Number.NaN : Math.sqrt(m2 / (count - 1));
      out[to + 2] = count === 0 ? Number.NaN : max;
    }
  }
}
