import { KeyCounts } from './key-counts.js';
import { type RowLog } from './row-log.js';
import { minuteMs } from './window-layout.js';
import { type WindowPlan } from './window-plan.js';

/**
 * A ring of tiles, one per minute, that summarise the rows of the minute, so that windows merge tiles instead of rows.
 */
export class MinuteTiles {
  /** The minute, then the lanes of each column; tile after tile. */
  readonly data: Float64Array;
  /** Per tile and column, when the layout has quantiles. */
  private readonly sketches: (KeyCounts | undefined)[] | undefined;

  constructor(private readonly plan: WindowPlan) {
    this.data = new Float64Array(plan.ring * plan.tileStride).fill(Number.NaN);
    this.sketches =
      plan.quantiles.length === 0
        ? undefined
        : new Array<KeyCounts | undefined>(plan.ring * plan.columns).fill(undefined);
  }

  get bytes(): number {
    const sketches = this.sketches ?? [];
    return sketches.reduce((sum, sketch) => sum + (sketch?.bytes ?? 0), this.data.byteLength);
  }

  slotOf(minute: number): number {
    const { ring, tileStride } = this.plan;
    return (((minute % ring) + ring) % ring) * tileStride;
  }

  /** The sketch of a column of the tile in a slot. */
  sketch(slot: number, column: number): KeyCounts | undefined {
    return this.sketches?.[(slot / this.plan.tileStride) * this.plan.columns + column];
  }

  /** Adds the newest row. */
  append(time: number, values: Float64Array, offset: number): void {
    const minute = Math.floor(time / minuteMs);
    const slot = this.slotOf(minute);
    if (this.data[slot] !== minute) this.clear(slot, minute);
    const { columns } = this.plan;
    const instant = (time - minute * minuteMs) / minuteMs;
    for (let column = 0; column < columns; column += 1) {
      this.add(slot, column, values[offset + column] as number, instant);
    }
  }

  /** Rebuilds the minute of a late row from its rows, in order of time, unless its slot holds a newer minute. */
  rebuild(minute: number, rows: RowLog): void {
    const slot = this.slotOf(minute);
    if ((this.data[slot] as number) > minute) return;
    this.clear(slot, minute);
    const before = (minute + 1) * minuteMs;
    for (let row = rows.firstAtOrAfter(minute * minuteMs); row < rows.tail; row += 1) {
      const time = rows.at(0, row);
      if (time >= before) return;
      const instant = (time - minute * minuteMs) / minuteMs;
      for (let column = 0; column < this.plan.columns; column += 1) {
        this.add(slot, column, rows.value(column, row), instant);
      }
    }
  }

  private add(slot: number, column: number, value: number, instant: number): void {
    addToTile(this.plan, this.data, slot, column, value, instant);
    if (this.sketches === undefined) return;
    const at = (slot / this.plan.tileStride) * this.plan.columns + column;
    const sketch = (this.sketches[at] ??= new KeyCounts());
    sketch.add(value);
  }

  private clear(slot: number, minute: number): void {
    clearTile(this.plan, this.data, slot, minute);
    for (let column = 0; column < this.plan.columns; column += 1) this.sketch(slot, column)?.clear();
  }
}

export function clearTile(plan: WindowPlan, to: Float64Array, slot: number, minute: number): void {
  to[slot] = minute;
  for (let column = 0; column < plan.columns; column += 1) {
    const at = slot + 1 + column * plan.lanes;
    to[at] = 0;
    to[at + 1] = 0;
    to[at + 2] = 0;
    to[at + 3] = Number.NEGATIVE_INFINITY;
    plan.extra?.clear(to, at);
  }
}

/** Welford's recurrence. NaN is a missing value and is skipped; `instant` is in minutes since the tile's start. */
export function addToTile(
  plan: WindowPlan,
  to: Float64Array,
  slot: number,
  column: number,
  value: number,
  instant: number,
): void {
  if (value !== value) return;
  const at = slot + 1 + column * plan.lanes;
  const count = (to[at] as number) + 1;
  const mean = to[at + 1] as number;
  const delta = value - mean;
  const next = mean + delta / count;
  to[at] = count;
  to[at + 1] = next;
  to[at + 2] = (to[at + 2] as number) + delta * (value - next);
  if (value > (to[at + 3] as number)) to[at + 3] = value;
  plan.extra?.add(to, at, count, next, value, instant);
}
