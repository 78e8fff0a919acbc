import { InvalidSampleError } from './invalid-sample-error.js';
import { firstIndexAbove, sortedValues } from './sorted-values.js';

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
  const sorted = sortedValues(pValues.map((pValue) => pValue ?? NaN));
  const tests = sorted.length;
  const adjusted = new Float64Array(tests);
  let least = 1;
  for (let position = tests - 1; position >= 0; position -= 1) {
    least = Math.min(least, (sorted[position] as number) * (tests / (position + 1)));
    adjusted[position] = least;
  }
  // Equal p-values are adjusted alike: by the last of them.
  return pValues.map((pValue) =>
    pValue === undefined ? undefined : adjusted[firstIndexAbove(sorted, pValue) - 1],
  );
}
