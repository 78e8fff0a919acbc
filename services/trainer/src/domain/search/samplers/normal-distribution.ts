const inverseRootTwoPi = 0.3989422804014327;
const rootThirtyTwo = Math.sqrt(32);

const centre = {
  numerator: [
    0.065682337918207449113, 2.2352520354606839287, 161.02823106855587881, 1067.6894854603709582,
    18154.981253343561249,
  ],
  denominator: [47.20258190468824187, 976.09855173777669322, 10260.932208618978205, 45507.789335026729956],
} as const;
const middle = {
  numerator: [
    1.0765576773720192317e-8, 0.39894151208813466764, 8.8831497943883759412, 93.506656132177855979,
    597.27027639480026226, 2494.5375852903726711, 6848.1904505362823326, 11602.651437647350124,
    9842.7148383839780218,
  ],
  denominator: [
    22.266688044328115691, 235.38790178262499861, 1519.377599407554805, 6485.558298266760755,
    18615.571640885098091, 34900.952721145977266, 38912.003286093271411, 19685.429676859990727,
  ],
} as const;
const tail = {
  numerator: [
    0.02307344176494017303, 0.21589853405795699, 0.1274011611602473639, 0.022235277870649807,
    0.001421619193227893466, 2.9112874951168792e-5,
  ],
  denominator: [
    1.28426009614491121, 0.468238212480865118, 0.0659881378689285515, 0.00378239633202758244,
    7.29751555083966205e-5,
  ],
} as const;

/**
 * The chance that a standard normal variable stays below `z`, to about 1e-15 relative on both sides. One ask of a long
 * study needs it tens of thousands of times: this takes 20 ns, where the library's upper gamma function takes 1 us.
 *
 * @see Cody (1969), Rational Chebyshev approximations for the error function
 */
export function normalCdf(z: number): number {
  const size = Math.abs(z);
  if (size <= 0.67448975) {
    const square = size > 1e-16 ? z * z : 0;
    const [first, second, third, fourth, last] = centre.numerator;
    const d = centre.denominator;
    const above = (((first * square + second) * square + third) * square + fourth) * square + last;
    const below = (((square + d[0]) * square + d[1]) * square + d[2]) * square + d[3];
    return 0.5 + (z * above) / below;
  }
  const outer = size <= rootThirtyTwo ? middleTail(size) : farTail(size);
  return z > 0 ? 1 - outer : outer;
}

/** The mass that a normal around `centre`, low <= centre <= high, has between `low` and `high`. */
export function massWithin(low: number, high: number, centre: number, width: number): number {
  const [left, right] = [(centre - low) / width, (high - centre) / width];
  // Less than half of the last digit of 1 lies beyond 8.3 standard deviations.
  return 1 - (left > 8.3 ? 0 : normalCdf(-left)) - (right > 8.3 ? 0 : normalCdf(-right));
}

/** Beyond here a normal's tail weighs less than e^-90 of its middle. */
const negligible = 13.4;

/**
 * ln of the mass of a standard normal between `a` and `b`, a < b.
 *
 * Around zero by the difference of the tails, in a narrow strip by the midpoint rule with its first corrections, where
 * the difference would lose its digits. Beyond 13.4 standard deviations an upper bound, below e^-90: a mixture with a
 * wide kernel does not see the difference.
 */
export function logNormalMass(a: number, b: number): number {
  if (a > 0) return logNormalMass(-b, -a);
  if (b < -negligible) return Math.min(0, Math.log(b - a)) - 0.5 * b * b - 0.9189385332046727;
  const width = b - a;
  const middlePoint = (a + b) / 2;
  if (width * (1 + Math.abs(middlePoint)) < 0.15) {
    const square = middlePoint * middlePoint;
    const step = width * width;
    const correction =
      (step / 24) *
      (square -
        1 +
        (step / 80) *
          (square * (square - 6) + 3 + (step / 168) * (((square - 15) * square + 45) * square - 15)));
    return Math.log(width) - 0.5 * square - 0.9189385332046727 + Math.log1p(correction);
  }
  if (b <= 0) return Math.log(normalCdf(b) - normalCdf(a));
  return Math.log1p(-normalCdf(a) - normalCdf(-b));
}

function middleTail(size: number): number {
  const n = middle.numerator;
  const d = middle.denominator;
  let above = n[0] * size;
  let below = size;
  for (let term = 0; term < 7; term += 1) {
    above = (above + (n[term + 1] ?? 0)) * size;
    below = (below + (d[term] ?? 0)) * size;
  }
  return (gaussian(size) * (above + n[8])) / (below + d[7]);
}

function farTail(size: number): number {
  const inverse = 1 / (size * size);
  const n = tail.numerator;
  const d = tail.denominator;
  let above = n[0] * inverse;
  let below = inverse;
  for (let term = 0; term < 4; term += 1) {
    above = (above + (n[term + 1] ?? 0)) * inverse;
    below = (below + (d[term] ?? 0)) * inverse;
  }
  const correction = (inverse * (above + n[5])) / (below + d[4]);
  return (gaussian(size) * (inverseRootTwoPi - correction)) / size;
}

/** exp(-x^2 / 2) with the square split, so that its rounding does not show. */
function gaussian(size: number): number {
  const coarse = Math.trunc(size * 16) / 16;
  return Math.exp(-coarse * coarse * 0.5) * Math.exp(-(size - coarse) * (size + coarse) * 0.5);
}
