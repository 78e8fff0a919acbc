import { SeededRandom } from '@headrace/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findBin, countInto, freezeHistogram, mergeHistograms } from './frozen-histogram.js';
import { readGolden } from '../golden/read-golden.js';
import { hellingerDistance } from './hellinger.js';
import { InvalidSampleError } from '../samples/invalid-sample-error.js';
import { jensenShannonDistance, jensenShannonDivergence } from './jensen-shannon.js';
import { kullbackLeibler } from './kullback-leibler.js';
import { populationStabilityIndex } from './population-stability-index.js';

fc.configureGlobal({ seed: 20261124 });

interface Case {
  name: string;
  reference: number[];
  current: number[];
  edges: number[];
  referenceCounts: number[];
  currentCounts: number[];
  psi: number;
  jsDistanceBase2: number;
  jsDistanceNats: number;
  klFloored: number;
  hellinger: number;
}
const golden = readGolden('metrics') as { histograms: Case[] };

describe.each(golden.histograms)('histograms of "$name" as NumPy and SciPy compute them', (example) => {
  const reference = freezeHistogram(example.reference, { by: 'width' });
  const current = countInto(reference.edges, example.current);

  it('divides the range as numpy.histogram, with open outer bins', () => {
    reference.edges.forEach((edge, index) => expect(edge).toBeCloseTo(example.edges[index]!, 10));
    expect(reference.counts).toEqual(example.referenceCounts);
    expect(current.counts).toEqual(example.currentCounts);
  });

  it('measures the same distances', () => {
    expect(populationStabilityIndex(reference, current)).toBeCloseTo(example.psi, 10);
    expect(jensenShannonDistance(reference, current)).toBeCloseTo(example.jsDistanceBase2, 10);
    expect(jensenShannonDistance(reference, current, 'e')).toBeCloseTo(example.jsDistanceNats, 10);
    expect(jensenShannonDivergence(reference, current)).toBeCloseTo(example.jsDistanceBase2 ** 2, 10);
    expect(kullbackLeibler(reference, current)).toBeCloseTo(Math.max(0, example.klFloored), 10);
    expect(hellingerDistance(reference, current)).toBeCloseTo(example.hellinger, 10);
  });
});

describe('freezeHistogram', () => {
  it('puts equal shares of the rows into the bins by default', () => {
    const values = Array.from({ length: 100 }, (_, row) => row);
    expect(freezeHistogram(values)).toEqual({
      edges: [9.5, 19.5, 29.5, 39.5, 49.5, 59.5, 69.5, 79.5, 89.5],
      counts: Array.from({ length: 10 }, () => 10),
      missing: 0,
      total: 100,
    });
  });

  it('counts NaN as missing and infinities in the outer bins', () => {
    const frozen = freezeHistogram([1, 2, 3, 4, NaN, Infinity, -Infinity], { bins: 2 });
    expect(frozen).toEqual({ edges: [2.5], counts: [3, 3], missing: 1, total: 7 });
  });

  it('sees a constant column move either way (evidently#1929)', () => {
    const frozen = freezeHistogram([5, 5, 5, 5]);
    expect(frozen.counts).toEqual([0, 4, 0]);
    expect(countInto(frozen.edges, [4, 5, 6, 6]).counts).toEqual([1, 1, 2]);
    expect(populationStabilityIndex(frozen, countInto(frozen.edges, [5, 5]))).toBe(0);
    expect(jensenShannonDistance(frozen, countInto(frozen.edges, [4, 4]))).toBe(1);
  });

  it('takes a float32 copy of a constant for the same value', () => {
    const frozen = freezeHistogram([0.1, 0.1]);
    expect(countInto(frozen.edges, [Math.fround(0.1)]).counts).toEqual([0, 1, 0]);
  });

  it('has no opinion on a column that is all NaN or empty (nannyml#339)', () => {
    const nothing = freezeHistogram([NaN, NaN]);
    expect(nothing).toEqual({ edges: [], counts: [0], missing: 2, total: 2 });
    expect(freezeHistogram([])).toEqual({ edges: [], counts: [0], missing: 0, total: 0 });
    expect(populationStabilityIndex(nothing, countInto([], [1, 2]))).toBeUndefined();
    expect(
      jensenShannonDistance(freezeHistogram([1, 2]), countInto(freezeHistogram([1, 2]).edges, [NaN])),
    ).toBeUndefined();
  });

  it('gives a value that alone fills a bin a bin of its own, also at the end of the range', () => {
    const frozen = freezeHistogram([
      ...Array.from({ length: 90 }, () => 0),
      ...Array.from({ length: 10 }, (_, row) => row + 1),
    ]);
    expect(frozen.counts).toEqual([0, 90, 10]);
    expect(countInto(frozen.edges, [-1, 0, 1]).counts).toEqual([1, 1, 1]);
  });

  it('never cuts ties: a column of zeros and ones keeps them apart', () => {
    const frozen = freezeHistogram([0, 0, 0, 1, 1, 1, 1, 1, 1, 1]);
    expect(countInto(frozen.edges, [0, 1]).counts.filter((count) => count > 0)).toEqual([1, 1]);
  });

  it('does not tell -0 from 0', () => {
    const frozen = freezeHistogram([-0, 0]);
    expect(frozen.counts).toEqual([0, 2, 0]);
  });

  it('refuses fewer than two bins and borders that do not ascend', () => {
    expect(() => freezeHistogram([1], { bins: 1 })).toThrow(InvalidSampleError);
    expect(() => countInto([2, 1], [1])).toThrow(InvalidSampleError);
    expect(() => countInto([NaN], [1])).toThrow(InvalidSampleError);
    expect(() => mergeHistograms(freezeHistogram([1, 2]), freezeHistogram([1, 3]))).toThrow(
      InvalidSampleError,
    );
  });

  const columns = fc.array(fc.double(), { maxLength: 200 });

  it('loses no row, whatever the column', () => {
    fc.assert(
      fc.property(
        columns,
        columns,
        fc.constantFrom('quantile' as const, 'width' as const),
        (reference, current, by) => {
          const frozen = freezeHistogram(reference, { by });
          for (const counted of [frozen, countInto(frozen.edges, current)]) {
            expect(counted.counts).toHaveLength(counted.edges.length + 1);
            expect(counted.counts.reduce((sum, count) => sum + count, 0) + counted.missing).toBe(
              counted.total,
            );
          }
        },
      ),
    );
  });

  it('merges parts to exactly the whole', () => {
    fc.assert(
      fc.property(columns, columns, columns, (reference, first, second) => {
        const { edges } = freezeHistogram(reference);
        expect(mergeHistograms(countInto(edges, first), countInto(edges, second))).toEqual(
          countInto(edges, [...first, ...second]),
        );
      }),
    );
  });

  it('survives JSON without moving a border', () => {
    fc.assert(
      fc.property(columns, (values) => {
        const frozen = freezeHistogram(values);
        expect(JSON.parse(JSON.stringify(frozen))).toEqual(frozen);
      }),
    );
  });

  it('finds the bin of a value: a border belongs to the bin above it', () => {
    expect([-1, 0, 0.5, 1, 2].map((value) => findBin([0, 1], value))).toEqual([0, 1, 1, 2, 2]);
  });
});

describe('distances between histograms', () => {
  const shares = fc.array(fc.nat({ max: 1000 }), { minLength: 4, maxLength: 4 });
  const histogramOf = (counts: number[]) => ({
    edges: [1, 2, 3],
    counts,
    missing: 0,
    total: counts.reduce((sum, count) => sum + count, 0),
  });

  it('are 0 for equals, symmetric, bounded, and JS and Hellinger obey the triangle inequality', () => {
    fc.assert(
      fc.property(shares, shares, shares, (a, b, c) => {
        const [x, y, z] = [histogramOf(a), histogramOf(b), histogramOf(c)];
        for (const distance of [jensenShannonDistance, hellingerDistance]) {
          const xy = distance(x, y);
          if (x.total === 0 || y.total === 0) {
            expect(xy).toBeUndefined();
            continue;
          }
          expect(distance(x, x)).toBeCloseTo(0, 7);
          expect(distance(y, x)).toBeCloseTo(xy!, 10);
          expect(xy! >= 0 && xy! <= 1).toBe(true);
          if (z.total > 0) expect(xy!).toBeLessThanOrEqual(distance(x, z)! + distance(z, y)! + 1e-9);
        }
      }),
    );
  });

  it('PSI is symmetric and never negative', () => {
    fc.assert(
      fc.property(shares, shares, (a, b) => {
        const there = populationStabilityIndex(histogramOf(a), histogramOf(b));
        const back = populationStabilityIndex(histogramOf(b), histogramOf(a));
        if (there === undefined) expect(back).toBeUndefined();
        else {
          expect(there).toBeGreaterThanOrEqual(0);
          expect(back).toBeCloseTo(there, 10);
        }
      }),
    );
  });

  it('PSI of samples of one population is near (bins - 1) * (1/n + 1/m), so few rows prove nothing', () => {
    const random = new SeededRandom(7);
    const column = (rows: number) => Float64Array.from({ length: rows }, () => random.normal());
    let sum = 0;
    const runs = 400;
    for (let run = 0; run < runs; run += 1) {
      const reference = freezeHistogram(column(1000));
      sum += populationStabilityIndex(reference, countInto(reference.edges, column(500)))!;
    }
    expect(sum / runs).toBeGreaterThan(0.024);
    expect(sum / runs).toBeLessThan(0.032);
  });

  it('sees what leaves the range of the reference, which closed bins would drop', () => {
    const reference = freezeHistogram(Array.from({ length: 100 }, (_, row) => row));
    const outside = countInto(
      reference.edges,
      Array.from({ length: 100 }, () => 1e9),
    );
    expect(populationStabilityIndex(reference, outside)).toBeGreaterThan(5);
  });

  it('says which base: base 2 is 1 for disjoint histograms, nats are ln 2', () => {
    const [left, right] = [histogramOf([5, 0, 0, 0]), histogramOf([0, 0, 0, 9])];
    expect(jensenShannonDivergence(left, right)).toBe(1);
    expect(jensenShannonDivergence(left, right, 'e')).toBeCloseTo(Math.LN2, 12);
    expect(hellingerDistance(left, right)).toBe(1);
  });
});
