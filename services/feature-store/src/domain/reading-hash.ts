/**
 * 53 bits of a reading id as a number, so that a window row can remember it. Two multiplicative hashes of 32 bits with
 * final mixing (cyrb53, public domain): one clash in 10^13 among the rows that are compared.
 */
export function readingHash(readingId: string): number {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let index = 0; index < readingId.length; index += 1) {
    const code = readingId.charCodeAt(index);
    a = Math.imul(a ^ code, 2654435761);
    b = Math.imul(b ^ code, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return 4294967296 * (2097151 & b) + (a >>> 0);
}
