import { InvalidSampleError } from './invalid-sample-error.js';

/**
 * Adjusts p-values for their number: rejecting those at or below `q` keeps the expected share of false discoveries
 * among the rejected at or below q.
 *
 *   adjusted(i) = min over k >= i of p(k) * m / k,  p(1) <= ... <= p(m)
 *
 * Assumes independent tests or positive dependence (features that move together). An undefined p-value (no data) stays
 * undefined and does not count as a test; anything outside [0, 1] throws.
 *
 * @see Benjamini & Hochberg (1995), Controlling the false discovery rate
 */
export function benjaminiHochberg(pValues: readonly (number | undefined)[]): (number | undefined)[] {
  for (const pValue of pValues) {
    if (pValue !== undefined && !(pValue >= 0 && pValue <= 1)) {
      throw new InvalidSampleError(`${pValue} is no p-value; pass undefined where there is none`);
    }
  }
  const tests = pValues
    .map((pValue, index) => ({ pValue, index }))
    .filter((test): test is { pValue: number; index: number } => test.pValue !== undefined)
    .sort((first, second) => second.pValue - first.pValue);
  const adjusted: (number | undefined)[] = pValues.map(() => undefined);
  let least = 1;
  tests.forEach(({ pValue, index }, position) => {
    least = Math.min(least, pValue * (tests.length / (tests.length - position)));
    adjusted[index] = least;
  });
  return adjusted;
}
