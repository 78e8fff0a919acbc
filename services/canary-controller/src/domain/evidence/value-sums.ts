import { type Moments } from '@headrace/statistics';

/** Sums that give a mean and a variance. Adding a row takes three additions. */
export interface ValueSums {
  readonly rows: number;
  readonly sum: number;
  readonly squares: number;
}

export const noValues: ValueSums = { rows: 0, sum: 0, squares: 0 };

export function addValue({ rows, sum, squares }: ValueSums, value: number): ValueSums {
  return { rows: rows + 1, sum: sum + value, squares: squares + value * value };
}

/** Subtracts, which loses digits: meant for values near 0 relative to their spread, as differences of losses are. */
export function toMoments({ rows, sum, squares }: ValueSums): Moments {
  const mean = rows > 0 ? sum / rows : 0;
  return { count: rows, mean, squares: Math.max(0, squares - rows * mean * mean) };
}
