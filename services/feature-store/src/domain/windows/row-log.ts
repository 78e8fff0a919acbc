/** Instant, known time, hash of the reading's id. */
export const rowFields = 3;
const initialRows = 16;
// A producer that repeats an id with another instant does so soon; searching every row would cost more than all windows
// together.
const maxRememberedIds = 64;

/**
 * The rows of one entity in order of their instants, each instant once: column by column in one typed array, old rows
 * dropped at the front and new ones mostly added at the end.
 */
export class RowLog {
  /** Instants, known times, hashes of reading ids, then the values; each `capacity` long. */
  data: Float64Array;
  capacity = initialRows;
  head = 0;
  tail = 0;
  /** Rows dropped from the front of `data` so far: `index + dropped` is stable when rows are moved. */
  dropped = 0;

  constructor(readonly columns: number) {
    this.data = new Float64Array(initialRows * this.width);
  }

  get width(): number {
    return rowFields + this.columns;
  }

  at(field: number, index: number): number {
    return this.data[field * this.capacity + index] as number;
  }

  value(column: number, index: number): number {
    return this.data[(rowFields + column) * this.capacity + index] as number;
  }

  hasId(idHash: number): boolean {
    if (idHash !== idHash) return false;
    const { data } = this;
    const end = 2 * this.capacity + this.tail;
    for (let at = end - Math.min(this.tail - this.head, maxRememberedIds); at < end; at += 1) {
      if (data[at] === idHash) return true;
    }
    return false;
  }

  dropUntil(instant: number): void {
    while (this.head < this.tail && (this.data[this.head] as number) <= instant) this.head += 1;
  }

  append(time: number, known: number, idHash: number, values: Float64Array, offset: number): void {
    if (this.tail === this.capacity) this.makeRoom();
    this.tail += 1;
    this.write(this.tail - 1, time, known, idHash, values, offset);
  }

  /** Inserts before the first row that is not older. No row has this instant yet. */
  insert(time: number, known: number, idHash: number, values: Float64Array, offset: number): void {
    if (this.tail === this.capacity) this.makeRoom();
    const index = this.firstAtOrAfter(time);
    for (let field = 0; field < this.width; field += 1) {
      const start = field * this.capacity;
      this.data.copyWithin(start + index + 1, start + index, start + this.tail);
    }
    this.tail += 1;
    this.write(index, time, known, idHash, values, offset);
  }

  write(
    index: number,
    time: number,
    known: number,
    idHash: number,
    values: Float64Array,
    offset: number,
  ): void {
    const { data, capacity } = this;
    data[index] = time;
    data[capacity + index] = known;
    data[2 * capacity + index] = idHash;
    for (let column = 0; column < this.columns; column += 1) {
      data[(rowFields + column) * capacity + index] = values[offset + column] as number;
    }
  }

  hasEqualValues(index: number, values: Float64Array, offset: number): boolean {
    for (let column = 0; column < this.columns; column += 1) {
      const kept = this.value(column, index);
      const offered = values[offset + column] as number;
      if (kept !== offered && !(Number.isNaN(kept) && Number.isNaN(offered))) return false;
    }
    return true;
  }

  /**
   * Of rows known at the same time the greater values win, so that the result does not depend on the order of arrival.
   */
  isSupersededBy(index: number, known: number, values: Float64Array, offset: number): boolean {
    const keptKnown = this.at(1, index);
    if (known !== keptKnown) return known > keptKnown;
    for (let column = 0; column < this.columns; column += 1) {
      const kept = this.value(column, index);
      const offered = values[offset + column] as number;
      if (kept === offered || (Number.isNaN(kept) && Number.isNaN(offered))) continue;
      return Number.isNaN(kept) || offered > kept;
    }
    return false;
  }

  firstAfter(time: number): number {
    let low = this.head;
    let high = this.tail;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.data[middle] as number) <= time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  firstAtOrAfter(time: number): number {
    let low = this.head;
    let high = this.tail;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.data[middle] as number) < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The rows at the given places, one after the other. */
  rowsAt(indexes: readonly number[]): Float64Array {
    const out = new Float64Array(indexes.length * this.width);
    let next = 0;
    for (const index of indexes) {
      for (let field = 0; field < this.width; field += 1) out[next++] = this.at(field, index);
    }
    return out;
  }

  /**
   * Makes room for one row at the end: moves the rows to the front when a tenth of the capacity is free there, else
   * grows.
   */
  private makeRoom(): void {
    const size = this.tail - this.head;
    const capacity = this.head * 10 >= this.capacity ? this.capacity : Math.ceil(this.capacity * 1.25);
    const data = capacity === this.capacity ? this.data : new Float64Array(capacity * this.width);
    for (let field = 0; field < this.width; field += 1) {
      const start = field * this.capacity;
      if (data === this.data) {
        data.copyWithin(start, start + this.head, start + this.tail);
      } else {
        data.set(this.data.subarray(start + this.head, start + this.tail), field * capacity);
      }
    }
    this.data = data;
    this.capacity = capacity;
    this.dropped += this.head;
    this.head = 0;
    this.tail = size;
  }
}
