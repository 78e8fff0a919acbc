import { expect, it } from 'vitest';
import { buildFeatureMatrix } from './build-feature-matrix.js';

it('orders the columns as the model wants them and leaves NaN where nothing is known', () => {
  const { values, present } = buildFeatureMatrix(
    [{ b: 2, a: 1, other: 9 }, { a: null, b: 0 }, {}],
    ['a', 'b'],
  );
  expect([...values]).toEqual([1, 2, NaN, 0, NaN, NaN]);
  expect([...present]).toEqual([2, 1, 0]);
});
