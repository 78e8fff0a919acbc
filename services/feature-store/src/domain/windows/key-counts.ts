import { quantileKey, quantileValue } from './quantile-keys.js';

const initialKeys = 4;

/**
 * A DDSketch in two typed arrays: the keys that occur, ascending, and how often each does. It never holds more keys
 * than samples, and only integers are added, so that it is the same whatever is merged in which order.
 */
export class KeyCounts {
  private keys = new Int32Array(initialKeys);
  private counts = new Int32Array(initialKeys);
  private size = 0;

  /** How many samples it stands for. */
  samples = 0;

  get bytes(): number {
    return this.keys.byteLength + this.counts.byteLength;
  }

  clear(): void {
    this.size = 0;
    this.samples = 0;
  }

  /** NaN is a missing value and is skipped. */
  add(value: number): void {
    if (value !== value) return;
    const key = quantileKey(value);
    let low = 0;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.keys[middle] as number) < key) low = middle + 1;
      else high = middle;
    }
    if (low === this.size || this.keys[low] !== key) {
      this.makeRoom(this.size + 1);
      this.keys.copyWithin(low + 1, low, this.size);
      this.counts.copyWithin(low + 1, low, this.size);
      this.keys[low] = key;
      this.counts[low] = 0;
      this.size += 1;
    }
    this.counts[low] = (this.counts[low] as number) + 1;
    this.samples += 1;
  }

  /** Merged from the end, so that no second buffer is needed. */
  addAll(other: KeyCounts): void {
    if (other.size === 0) return;
    let mine = this.size - 1;
    let theirs = other.size - 1;
    this.makeRoom(this.size + other.size);
    const { keys, counts } = this;
    const end = this.size + other.size;
    let at = end;
    while (theirs >= 0) {
      const key = other.keys[theirs] as number;
      const held = mine >= 0 ? (keys[mine] as number) : Number.NEGATIVE_INFINITY;
      at -= 1;
      if (held > key) {
        keys[at] = held;
        counts[at] = counts[mine] as number;
        mine -= 1;
      } else {
        keys[at] = key;
        counts[at] = (other.counts[theirs] as number) + (held === key ? (counts[mine] as number) : 0);
        theirs -= 1;
        if (held === key) mine -= 1;
      }
    }
    // Between what was never moved and what was merged lies one free place for each key that both had.
    keys.copyWithin(mine + 1, at, end);
    counts.copyWithin(mine + 1, at, end);
    this.size = mine + 1 + end - at;
    this.samples += other.samples;
  }

  /** Of at least one sample; NaN of none. */
  quantile(share: number): number {
    const rank = Math.floor(share * (this.samples - 1));
    let seen = 0;
    for (let at = 0; at < this.size; at += 1) {
      seen += this.counts[at] as number;
      if (seen > rank) return quantileValue(this.keys[at] as number);
    }
    return Number.NaN;
  }

  private makeRoom(needed: number): void {
    if (needed <= this.keys.length) return;
    const capacity = Math.max(needed, Math.ceil(this.keys.length * 1.5));
    const keys = new Int32Array(capacity);
    const counts = new Int32Array(capacity);
    keys.set(this.keys.subarray(0, this.size));
    counts.set(this.counts.subarray(0, this.size));
    this.keys = keys;
    this.counts = counts;
  }
}
