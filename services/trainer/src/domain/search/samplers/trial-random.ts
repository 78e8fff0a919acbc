import { SeededRandom } from '@headrace/kernel';

/** The chance of one trial: the same for the same study seed and number, unrelated to that of every other pair. */
export function trialRandom(seed: number, number: number): SeededRandom {
  const high = Math.floor(seed / 2 ** 32);
  return new SeededRandom(mix(mix(mix(seed >>> 0) ^ (high >>> 0)) ^ number));
}

/** A bijection of 32 bits in which every input bit moves every output bit. @see Wellons (2018), Prospecting for hash functions: triple32 */
export function mix(value: number): number {
  let mixed = (value + 0x9e3779b9) | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 17), 0xed5ad4bb);
  mixed = Math.imul(mixed ^ (mixed >>> 11), 0xac4c1b51);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x31848bab);
  return (mixed ^ (mixed >>> 14)) >>> 0;
}
