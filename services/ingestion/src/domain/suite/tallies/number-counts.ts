import { type Column } from '../columnar-batch.js';
import { maxStoredValues } from './tally.js';

/**
 * How often each number occurs. Open addressing in one typed array, so that a distinct number costs one slot; only
 * repeated numbers have a counter in a map. 0 and -0 are one number; NaN marks a free slot.
 */
export class NumberCounts {
  /** Distinct numbers. */
  size = 0;
  private keys = new Float64Array(1_024).fill(NaN);
  private readonly repeated = new Map<number, number>();
  private readonly float = new Float64Array(1);
  private readonly bits = new Uint32Array(this.float.buffer);

  add(value: number, count: number): void {
    if (this.size >= maxStoredValues) return;
    if (this.size * 2 >= this.keys.length) this.grow();
    const slot = this.slotOf(value, this.keys);
    if (this.keys[slot] === value) this.repeated.set(value, (this.repeated.get(value) ?? 1) + count);
    else {
      this.keys[slot] = value;
      this.size += 1;
      if (count > 1) this.repeated.set(value, count);
    }
  }

  /** Adds the numbers of a block of a column, without the missing ones. */
  addAll({ values, valid }: Extract<Column, { kind: 'numbers' }>, from: number, to: number): void {
    for (let row = from; row < to; row += 1) {
      const value = values[row] as number;
      if (value === value && (valid === undefined || valid[row] !== 0)) this.add(value, 1);
    }
  }

  each(visit: (value: number, count: number) => void): void {
    for (const value of this.keys) if (value === value) visit(value, this.repeated.get(value) ?? 1);
  }

  /** Visits the numbers that occur more than once. */
  eachRepeated(visit: (value: number, count: number) => void): void {
    for (const [value, count] of this.repeated) visit(value, count);
  }

  private slotOf(value: number, keys: Float64Array): number {
    // -0 hashes as 0, and equals it.
    this.float[0] = value + 0;
    let hash = (this.bits[0] as number) ^ Math.imul(this.bits[1] as number, 0x9e3779b1);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    const mask = keys.length - 1;
    let slot = (hash ^ (hash >>> 16)) & mask;
    for (;;) {
      const key = keys[slot] as number;
      if (key !== key || key === value) return slot;
      slot = (slot + 1) & mask;
    }
  }

  private grow(): void {
    const larger = new Float64Array(this.keys.length * 4).fill(NaN);
    for (const value of this.keys) if (value === value) larger[this.slotOf(value, larger)] = value;
    this.keys = larger;
  }
}
