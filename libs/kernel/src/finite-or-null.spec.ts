import { expect, it } from 'vitest';
import { finiteOrNull } from './finite-or-null.js';

it('says no data of what JSON cannot hold, and never 0', () => {
  expect([Number.NaN, Infinity, -Infinity, undefined].map(finiteOrNull)).toEqual([null, null, null, null]);
  expect([0, -1.5, Number.MAX_VALUE].map(finiteOrNull)).toEqual([0, -1.5, Number.MAX_VALUE]);
});
