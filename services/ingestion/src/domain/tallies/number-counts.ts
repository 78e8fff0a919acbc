import { mostKept } from './tally.js';

/** How often each number came: open addressing in typed arrays, 0 and -0 are one. */
export class NumberCounts {
  size = 0;
  private keys = new Float64Array(1_024);
  private counts = new Uint32Array(1_024);
  private readonly bits = new Uint32Array(2);
  private readonly float = new Float64Array(this.bits.buffer);

  add(value: number, count: number): void {
    if (this.size >= mostKept) return;
    if (this.size * 2 >= this.keys.length) this.grow();
    const slot = this.slotOf(value);
    if (this.counts[slot] === 0) {
      this.keys[slot] = value;
      this.size += 1;
    }
    this.counts[slot] = (this.counts[slot] as number) + count;
  }

  each(visit: (value: number, count: number) => void): void {
    for (let slot = 0; slot < this.keys.length; slot += 1)
      if ((this.counts[slot] as number) > 0) visit(this.keys[slot] as number, this.counts[slot] as number);
  }

  private slotOf(value: number): number {
    this.float[0] = value === 0 ? 0 : value;
    const mixed = Math.imul(
      (this.bits[0] as number) ^ Math.imul(this.bits[1] as number, 0x9e3779b1),
      0x85ebca6b,
    );
    const mask = this.keys.length - 1;
    let slot = (mixed ^ (mixed >>> 15)) & mask;
    while (this.counts[slot] !== 0 && this.keys[slot] !== value) slot = (slot + 1) & mask;
    return slot;
  }

  private grow(): void {
    const [keys, counts] = [this.keys, this.counts];
    this.keys = new Float64Array(keys.length * 2);
    this.counts = new Uint32Array(keys.length * 2);
    for (let slot = 0; slot < keys.length; slot += 1) {
      if (counts[slot] === 0) continue;
      const place = this.slotOf(keys[slot] as number);
      this.keys[place] = keys[slot] as number;
      this.counts[place] = counts[slot] as number;
    }
  }
}
