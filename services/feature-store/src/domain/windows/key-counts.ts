import { quantileKey, quantileValue } from './quantile-keys.js';

const initialKeys = 4;
const nothing = new Int32Array(0);

/**
 * A DDSketch in two typed arrays: the keys that occur, ascending, and how often each does. It never holds more keys
 * than samples, and only integers are added, so that it is the same whatever is merged in which order.
 */
export class KeyCounts {
  private keys = new Int32Array(initialKeys);
  private counts = new Int32Array(initialKeys);
  private size = 0;
  /** Samples up to and including each key; computed lazily after a change. */
  private upTo = nothing;
  private isCumulated = false;

  /** Number of samples. */
  samples = 0;

  get bytes(): number {
    return this.keys.byteLength + this.counts.byteLength + this.upTo.byteLength;
  }

  clear(): void {
    this.size = 0;
    this.samples = 0;
    this.isCumulated = false;
  }

  /** NaN is a missing value and is skipped. */
  add(value: number): void {
    if (value !== value) return;
    this.change(quantileKey(value), 1);
  }

  addAll(other: KeyCounts): void {
    if (other.size * 8 < this.size) {
      for (let at = 0; at < other.size; at += 1) {
        this.change(other.keys[at] as number, other.counts[at] as number);
      }
    } else if (other.size > 0) this.merge(other);
  }

  /** Reverses `addAll`. */
  removeAll(other: KeyCounts): void {
    for (let at = 0; at < other.size; at += 1) {
      this.change(other.keys[at] as number, -(other.counts[at] as number));
    }
  }

  /** Samples whose key is at most this one. */
  countUpTo(key: number): number {
    const at = this.firstAtOrAbove(key + 1);
    return at === 0 ? 0 : (this.cumulated()[at - 1] as number);
  }

  /**
   * The smallest key that is here and up to which both hold more samples than `rank`; Infinity when there is none. That
   * of one of the two is the key of the sample of that rank in both.
   */
  keyOfRank(rank: number, other: KeyCounts): number {
    const upTo = this.cumulated();
    let low = 0;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const samples = (upTo[middle] as number) + other.countUpTo(this.keys[middle] as number);
      if (samples <= rank) low = middle + 1;
      else high = middle;
    }
    return low === this.size ? Number.POSITIVE_INFINITY : (this.keys[low] as number);
  }

  private cumulated(): Int32Array {
    if (this.isCumulated) return this.upTo;
    if (this.upTo.length < this.size) this.upTo = new Int32Array(this.keys.length);
    let samples = 0;
    for (let at = 0; at < this.size; at += 1) {
      samples += this.counts[at] as number;
      this.upTo[at] = samples;
    }
    this.isCumulated = true;
    return this.upTo;
  }

  private firstAtOrAbove(key: number): number {
    let low = 0;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.keys[middle] as number) < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private change(key: number, count: number): void {
    const at = this.firstAtOrAbove(key);
    if (at === this.size || this.keys[at] !== key) {
      this.makeRoom(this.size + 1);
      this.keys.copyWithin(at + 1, at, this.size);
      this.counts.copyWithin(at + 1, at, this.size);
      this.keys[at] = key;
      this.counts[at] = 0;
      this.size += 1;
    }
    const left = (this.counts[at] as number) + count;
    this.counts[at] = left;
    if (left === 0) {
      this.keys.copyWithin(at, at + 1, this.size);
      this.counts.copyWithin(at, at + 1, this.size);
      this.size -= 1;
    }
    this.samples += count;
    this.isCumulated = false;
  }

  /** From the end, so that no second buffer is needed. */
  private merge(other: KeyCounts): void {
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
    // For each key that both had, one free slot is left between the unmoved and the merged keys.
    keys.copyWithin(mine + 1, at, end);
    counts.copyWithin(mine + 1, at, end);
    this.size = mine + 1 + end - at;
    this.samples += other.samples;
    this.isCumulated = false;
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

/** The quantile of the samples of both; NaN when there are none. */
export function quantileOfBoth(one: KeyCounts, other: KeyCounts, share: number): number {
  const samples = one.samples + other.samples;
  if (samples === 0) return Number.NaN;
  const rank = Math.floor(share * (samples - 1));
  return quantileValue(Math.min(one.keyOfRank(rank, other), other.keyOfRank(rank, one)));
}
