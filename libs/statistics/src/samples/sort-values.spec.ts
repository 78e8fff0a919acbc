import { SeededRandom } from '@headrace/kernel';
import { describe, expect, it } from 'vitest';
import { sortValues, sortPrefix } from './sort-values.js';

describe('sorted values', () => {
  const random = new SeededRandom(3);
  const shapes: Readonly<Record<string, (row: number) => number>> = {
    smooth: () => random.normal(),
    skewed: () => Math.exp(5 * random.normal()),
    'few values': () => Math.floor(random.next() * 3),
    'with an outlier': (row) => (row === 0 ? 1e300 : random.next()),
    'with infinities': (row) => (row % 7 === 0 ? NaN : row % 11 === 0 ? Infinity : -row),
    'over the whole range of doubles': () => Math.exp(1400 * random.next() - 700),
    'halving each time': (row) => 2 ** -(row % 1070),
    denormal: () => 5e-324 * Math.floor(10 * random.next()),
    'without a range that can be divided': (row) => (row % 2 ? Number.MAX_VALUE : -Number.MAX_VALUE),
    'nothing but NaN': () => NaN,
  };
  it.each(Object.keys(shapes))('are those of the built-in sort at every length: %s', (shape) => {
    for (const length of [0, 1, 2, 24, 25, 26, 300, 2048, 2049, 5000]) {
      const sample = Float64Array.from({ length }, (_, row) => shapes[shape]!(row));
      expect(sortValues(sample)).toEqual(sample.filter((value) => !Number.isNaN(value)).sort());
    }
  });

  it('stay as they are when the next sample is sorted', () => {
    const first = sortValues([...Array(100).keys()].reverse());
    sortValues(Float64Array.from({ length: 100 }, () => random.normal()));
    expect(first).toEqual(Float64Array.from({ length: 100 }, (_, row) => row));
  });

  it('are the first ones only when so many are asked for', () => {
    const values = Float64Array.from({ length: 200 }, (_, row) => 200 - row);
    sortPrefix(values, 150);
    expect(values).toEqual(
      Float64Array.from({ length: 200 }, (_, row) => (row < 150 ? row + 51 : 200 - row)),
    );
  });
});
