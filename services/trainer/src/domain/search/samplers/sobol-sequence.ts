/**
 * Primitive polynomials over GF(2) (bits from the highest power down to the constant) and initial direction numbers,
 * from the table `new-joe-kuo-6.21201`. Its first dimension is van der Corput's and needs none.
 */
const directions: readonly (readonly [polynomial: number, initial: readonly number[]])[] = [
  [3, [1]],
  [7, [1, 3]],
  [11, [1, 3, 1]],
  [13, [1, 1, 1]],
  [19, [1, 1, 3, 3]],
  [25, [1, 3, 5, 13]],
  [37, [1, 1, 5, 5, 17]],
  [41, [1, 1, 5, 5, 5]],
  [47, [1, 1, 7, 11, 19]],
  [55, [1, 1, 5, 1, 1]],
  [59, [1, 1, 1, 3, 11]],
  [61, [1, 3, 5, 5, 31]],
  [67, [1, 3, 3, 9, 7, 49]],
  [91, [1, 1, 1, 15, 21, 21]],
  [97, [1, 3, 1, 13, 27, 49]],
  [103, [1, 1, 1, 15, 7, 5]],
  [109, [1, 3, 1, 15, 13, 25]],
  [115, [1, 1, 5, 5, 19, 61]],
  [131, [1, 3, 7, 11, 23, 15, 103]],
  [137, [1, 3, 7, 13, 13, 15, 69]],
  [143, [1, 1, 3, 13, 7, 35, 63]],
  [145, [1, 3, 5, 9, 1, 25, 53]],
  [157, [1, 3, 1, 13, 9, 35, 107]],
  [167, [1, 3, 1, 5, 27, 61, 31]],
  [171, [1, 1, 5, 11, 19, 41, 61]],
  [185, [1, 3, 5, 3, 3, 13, 69]],
  [191, [1, 1, 7, 13, 1, 19, 1]],
  [193, [1, 3, 7, 5, 13, 19, 59]],
  [203, [1, 1, 3, 9, 25, 29, 41]],
  [211, [1, 3, 5, 13, 23, 1, 55]],
  [213, [1, 3, 7, 3, 13, 59, 17]],
  [229, [1, 3, 1, 3, 5, 53, 69]],
  [239, [1, 1, 5, 5, 23, 33, 13]],
  [241, [1, 1, 7, 7, 1, 61, 123]],
  [247, [1, 1, 7, 9, 13, 61, 49]],
  [253, [1, 3, 3, 5, 3, 55, 33]],
  [285, [1, 3, 1, 15, 31, 13, 49, 245]],
  [299, [1, 3, 5, 15, 31, 59, 63, 97]],
  [301, [1, 3, 1, 11, 11, 11, 77, 249]],
];

const bits = 32;

/** How many dimensions there are numbers for. */
export const sobolDimensions = directions.length + 1;

/**
 * One coordinate, in [0, 1), of point `index` (from 0, below 2^32) of the Sobol sequence in Gray-code order.
 *
 * With `scrambling` (any 32 bits, another for every dimension) it is scrambled as Owen does: each digit is flipped by
 * a hash of those above it, which keeps the evenness of every block of 2^k points and moves the first point off the
 * corner.
 *
 * @see Joe & Kuo (2008), Constructing Sobol sequences with better two-dimensional projections
 * @see Burley (2020), Practical hash-based Owen scrambling
 */
export function sobolCoordinate(index: number, dimension: number, scrambling?: number): number {
  const vectors = directionVectors(dimension);
  const gray = (index ^ (index >>> 1)) >>> 0;
  let digits = 0;
  for (let bit = 0; bit < bits; bit += 1) {
    if (((gray >>> bit) & 1) === 1) digits ^= vectors[bit] ?? 0;
  }
  return (scrambling === undefined ? digits >>> 0 : scramble(digits, scrambling)) / 2 ** bits;
}

/** Vector k is added when digit k of the index is set; its highest set bit is digit k of the fraction. */
function directionVectors(dimension: number): Uint32Array {
  const vectors = new Uint32Array(bits);
  if (dimension === 0) {
    for (let bit = 0; bit < bits; bit += 1) vectors[bit] = 2 ** (bits - 1 - bit);
    return vectors;
  }
  const entry = directions[dimension - 1];
  if (entry === undefined) {
    throw new RangeError(`The Sobol table has ${sobolDimensions} dimensions, not ${dimension}`);
  }
  const [polynomial, initial] = entry;
  const degree = initial.length;
  for (let bit = 0; bit < bits; bit += 1) {
    if (bit < degree) {
      vectors[bit] = (initial[bit] ?? 0) << (bits - 1 - bit);
      continue;
    }
    const oldest = vectors[bit - degree] ?? 0;
    let vector = oldest ^ (oldest >>> degree);
    for (let term = 1; term < degree; term += 1) {
      if (((polynomial >>> (degree - term)) & 1) === 1) vector ^= vectors[bit - term] ?? 0;
    }
    vectors[bit] = vector;
  }
  return vectors;
}

function scramble(digits: number, seed: number): number {
  // In reversed order a carry only runs from a digit to the finer ones.
  let hash = reverseBits(digits);
  hash = (hash ^ Math.imul(hash, 0x3d20adea)) | 0;
  hash = (hash + seed) | 0;
  hash = Math.imul(hash, (seed >>> 16) | 1);
  hash ^= Math.imul(hash, 0x05526c56);
  hash ^= Math.imul(hash, 0x53a22864);
  return reverseBits(hash) >>> 0;
}

function reverseBits(value: number): number {
  let reversed = value;
  reversed = ((reversed >>> 1) & 0x55555555) | ((reversed & 0x55555555) << 1);
  reversed = ((reversed >>> 2) & 0x33333333) | ((reversed & 0x33333333) << 2);
  reversed = ((reversed >>> 4) & 0x0f0f0f0f) | ((reversed & 0x0f0f0f0f) << 4);
  reversed = ((reversed >>> 8) & 0x00ff00ff) | ((reversed & 0x00ff00ff) << 8);
  return (reversed >>> 16) | (reversed << 16);
}
