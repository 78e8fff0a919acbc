import { InvalidSampleError } from '../samples/invalid-sample-error.js';
import { chiSquareTail } from '../samples/special-functions.js';

export interface ChiSquareResult {
  readonly statistic: number;
  readonly degreesOfFreedom: number;
  readonly pValue: number;
  /** Cramer's V, 0..1: the size of the effect, whatever the number of rows. */
  readonly effect: number;
  /** Smallest expected count of a cell; below 5 the p-value is a rough one. */
  readonly minExpected: number;
}

/**
 * Pearson's test of homogeneity: do two rows of counts over the same categories come from one distribution?
 *
 *   X2 = sum of (observed - expected)^2 / expected
 *
 * Categories that are empty on both sides are left out. Undefined when a side has no rows or only one category is left
 * (a single-category column cannot differ, nannyml#327). No continuity correction. Counts need not be whole (rows that
 * repeat each other are worth fewer); a negative or infinite one throws, as do lists of different length.
 *
 * @see Pearson (1900), On the criterion that a given system of deviations from the probable can be reasonably supposed to
 * have arisen from random sampling; Cramer (1946), Mathematical methods of statistics, 21.9
 */
export function chiSquareHomogeneity(
  first: readonly number[],
  second: readonly number[],
): ChiSquareResult | undefined {
  if (first.length !== second.length) {
    throw new InvalidSampleError(
      `Counts over ${first.length} and ${second.length} categories cannot be compared`,
    );
  }
  for (const count of [...first, ...second]) {
    if (!(count >= 0 && count < Infinity)) {
      throw new InvalidSampleError(`A count must be finite and not negative, got ${count}`);
    }
  }
  const used = first.map((_, index) => index).filter((index) => at(first, index) + at(second, index) > 0);
  const [n, m] = [sumOf(first), sumOf(second)];
  if (n === 0 || m === 0 || used.length < 2) return undefined;
  let statistic = 0;
  let minExpected = Infinity;
  for (const index of used) {
    const both = at(first, index) + at(second, index);
    for (const [count, rows] of [
      [at(first, index), n],
      [at(second, index), m],
    ] as const) {
      const expected = (both * rows) / (n + m);
      statistic += (count - expected) ** 2 / expected;
      minExpected = Math.min(minExpected, expected);
    }
  }
  const degreesOfFreedom = used.length - 1;
  return {
    statistic,
    degreesOfFreedom,
    pValue: chiSquareTail(statistic, degreesOfFreedom),
    effect: Math.sqrt(statistic / (n + m)),
    minExpected,
  };
}

const at = (counts: readonly number[], index: number): number => counts[index] ?? 0;
const sumOf = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);
