import { type Moments } from '@headrace/statistics';

/** What a mean and its variance follow from: sums, so that a row is added by three additions. */
export interface ValueSums {
  readonly rows: number;
  readonly sum: number;
  readonly squares: number;
}

export const noValues: ValueSums = { rows: 0, sum: 0, squares: 0 };

export function addValue({ rows, sum, squares }: ValueSums, value: number): ValueSums {
  return { rows: rows + 1, sum: sum + value, squares: squares + value * value };
}

/** By subtraction, which costs digits: for values that are not far from 0 against their spread, as differences of losses are. */
export function toMoments({ rows, sum, squares }: ValueSums): Moments {
  const mean = rows > 0 ? sum / rows : 0;
  return { count: rows, mean, squares: Math.max(0, squares - rows * mean * mean) };
}
