import { SeededRandom } from '@headrace/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { argsort } from './argsort.js';

fc.configureGlobal({ seed: 20261125 });

/** What makes an order right: ascending, and every row once with its own value. */
function check(values: Float64Array): void {
  const { sorted, rows } = argsort(values);
  expect(sorted).toEqual(values.slice().sort());
  expect(rows.slice().sort()).toEqual(Uint32Array.from(values.keys()));
  expect(sorted.every((value, place) => value === values[rows[place]!])).toBe(true);
}

describe('ascendingOrder', () => {
  const random = new SeededRandom(91);
  const shapes: Readonly<Record<string, (row: number) => number>> = {
    uniform: () => random.next(),
    skewed: () => random.next() ** 40,
    'over the whole range of doubles': () => Math.exp(1400 * random.next() - 700),
    'few values': () => random.integer(3),
    constant: () => 7,
    descending: (row) => -row,
    'with outliers': (row) => (row % 500 === 0 ? 1e300 : random.next()),
    'with infinities': (row) => (row % 7 === 0 ? Infinity : row % 11 === 0 ? -Infinity : random.next()),
    'without a range that can be divided': () => (random.next() - 0.5) * 3.5e308,
    'halving each time': (row) => 2 ** -(row % 1070),
  };
  it.each(Object.keys(shapes))('%s', (shape) => {
    check(Float64Array.from({ length: 3000 }, (_, row) => shapes[shape]!(row)));
  });

  it('any', () => {
    fc.assert(
      fc.property(fc.float64Array({ noNaN: true, maxLength: 200 }), (values) =>
        check(values.map((value) => value + 0)),
      ),
    );
  });
});
