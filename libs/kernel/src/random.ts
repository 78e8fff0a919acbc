/** Where code that decides gets chance from, so that a seed replays it. */
export abstract class Random {
  /** Uniform in [0, 1). */
  abstract next(): number;

  /** Uniform integer in [0, limit). `limit` is a positive integer up to 2^32. */
  integer(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  /** Standard normal by Box and Muller's transform. */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
    return radius * Math.cos(2 * Math.PI * this.next());
  }
}

/** Deterministic generator: sfc32 (Chris Doty-Humphrey, PractRand), seeded by splitmix32. The same seed gives the same sequence on every machine. */
export class SeededRandom extends Random {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;

  constructor(seed: number) {
    super();
    let state = seed >>> 0;
    const split = (): number => {
      state = (state + 0x9e3779b9) | 0;
      let mixed = state ^ (state >>> 16);
      mixed = Math.imul(mixed, 0x21f0aaad);
      mixed ^= mixed >>> 15;
      mixed = Math.imul(mixed, 0x735a2d97);
      return mixed ^ (mixed >>> 15);
    };
    this.a = split();
    this.b = split();
    this.c = split();
    for (let warmUp = 0; warmUp < 12; warmUp += 1) this.next();
  }

  next(): number {
    const sum = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = ((this.c << 21) | (this.c >>> 11)) + sum;
    this.c |= 0;
    return (sum >>> 0) / 4294967296;
  }
}
