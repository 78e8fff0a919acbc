import { DDSketch } from '@datadog/sketches-js';
import { SeededRandom } from '@headrace/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DdSketch } from './dd-sketch.js';
import { countInto, mergeHistograms } from '../histograms/frozen-histogram.js';
import { boundKolmogorovDistance } from '../tests/bound-kolmogorov-distance.js';
import { InvalidSampleError } from '../samples/invalid-sample-error.js';
import { KllSketch } from './kll-sketch.js';
import { ksFromDdSketches, ksFromKllSketches } from './ks-from-sketches.js';
import { ksTwoSample } from '../tests/ks-two-sample.js';
import { sortValues } from '../samples/sort-values.js';
import { countWeightedInto, freezeWeighted } from '../histograms/weighted-values.js';

fc.configureGlobal({ seed: 20261124 });

const values = fc.array(
  fc.oneof(
    fc.double({ min: -1e6, max: 1e6, noNaN: true }),
    fc.integer({ min: -20, max: 20 }),
    fc.constantFrom(NaN, 0, -0, 1, -1, 1e9, -1e9, Infinity, -Infinity),
  ),
  { maxLength: 60 },
);
const stored = <State>(state: State): State => JSON.parse(JSON.stringify(state)) as State;

describe('DdSketch', () => {
  it('by hand: with accuracy 1/3 gamma is 2, so a bucket ends at each power of two', () => {
    const state = DdSketch.of([1, 2, 2, 3, 4, -8, 0, NaN, Infinity], 1 / 3).state();
    expect(state).toMatchObject({
      positive: { keys: [0, 1, 2], counts: [1, 2, 2] },
      negative: { keys: [3], counts: [1] },
      zeros: 1,
      above: 1,
      missing: 1,
      min: -8,
      max: 4,
    });
  });

  it('answers a quantile within its relative accuracy, whatever the values', () => {
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (sample, share) => {
        const sorted = sortValues(sample);
        const answer = DdSketch.of(sample, 0.02).quantile(share);
        const real = sorted[Math.floor(share * (sorted.length - 1))];
        if (real === undefined) expect(answer).toBeUndefined();
        else if (Math.abs(real) < 2 ** -1022 || !Number.isFinite(real)) expect(answer).toBeCloseTo(real, 12);
        else expect(Math.abs(answer! - real)).toBeLessThanOrEqual(0.0200001 * Math.abs(real));
      }),
    );
  });

  it('merges to what one sketch of all rows holds, in any order and grouping', () => {
    fc.assert(
      fc.property(values, values, values, (a, b, c) => {
        const [x, y, z] = [DdSketch.of(a), DdSketch.of(b), DdSketch.of(c)];
        const whole = DdSketch.of([...a, ...b, ...c]).state();
        expect(x.merge(y).merge(z).state()).toEqual(whole);
        expect(x.merge(y.merge(z)).state()).toEqual(whole);
        expect(z.merge(y).merge(x).state()).toEqual(whole);
        expect(x.state()).toEqual(DdSketch.of(a).state());
      }),
    );
  });

  it('continues from a stored state with identical results', () => {
    fc.assert(
      fc.property(values, values, (before, after) => {
        const resumed = DdSketch.restore(stored(DdSketch.of(before).state()));
        for (const value of after) resumed.add(value);
        expect(resumed.state()).toEqual(DdSketch.of([...before, ...after]).state());
      }),
    );
  });

  it('merges what the library forgets: negative values, and a largest value of 1', () => {
    const library = (sample: readonly number[]): DDSketch => {
      const sketch = new DDSketch();
      for (const value of sample) sketch.accept(value);
      return sketch;
    };
    const forgetful = library([-1, -2]);
    forgetful.merge(library([-3]));
    expect(forgetful.negativeStore.count, 'mended upstream: the wrapper can use merge').toBe(2);
    expect(
      DdSketch.of([-1, -2])
        .merge(DdSketch.of([-3]))
        .state().negative.counts,
    ).toEqual([1, 1, 1]);
    expect(
      DdSketch.of([0.001])
        .merge(DdSketch.of([0.9, 1]))
        .quantile(1),
    ).toBe(1);
  });

  it('knows nothing of nothing, and a constant exactly', () => {
    expect(DdSketch.empty().quantile(0.5)).toBeUndefined();
    expect(DdSketch.of([NaN]).quantile(0.5)).toBeUndefined();
    expect(DdSketch.of([NaN]).state().min).toBeUndefined();
    expect(DdSketch.of([273.15, 273.15]).quantile(0.3)).toBe(273.15);
    expect([0, 0.5, 1].map((share) => DdSketch.of([-Infinity, 3, Infinity]).quantile(share))).toEqual([
      -Infinity,
      3,
      Infinity,
    ]);
  });

  it('holds the whole range of doubles at the finest accuracy', () => {
    const sketch = DdSketch.of([1e-307, 1e308], 0.01).merge(DdSketch.of([-1e-307, -1e308], 0.01));
    expect(sketch.count).toBe(4);
    expect([0, 1].map((share) => sketch.quantile(share))).toEqual([-1e308, 1e308]);
  });

  it('refuses another accuracy, a share that is none, and an accuracy that is none', () => {
    expect(() => DdSketch.empty(0.01).merge(DdSketch.empty(0.02))).toThrow(InvalidSampleError);
    expect(() => DdSketch.empty().quantile(1.5)).toThrow(InvalidSampleError);
    expect(() => DdSketch.empty(NaN)).toThrow(InvalidSampleError);
  });

  it('freezes bins on its own borders, so that every sketch is counted into them as its rows are', () => {
    const random = new SeededRandom(61);
    const column = (shift: number): number[] =>
      Array.from({ length: 4000 }, () => random.normal() * 3 + shift);
    const [before, after] = [column(1), column(2)];
    const sketch = DdSketch.of(before);
    const frozen = freezeWeighted(sketch.weighted(), 10, (left, right) => sketch.borderBetween(left, right));
    expect(frozen.edges).toHaveLength(9);
    expect(frozen).toEqual(countInto(frozen.edges, before));
    expect(countWeightedInto(frozen.edges, DdSketch.of(after).weighted())).toEqual(
      countInto(frozen.edges, after),
    );
    for (const count of frozen.counts) expect(Math.abs(count - 400)).toBeLessThan(60);
  });

  it('freezes a constant, mostly zeros and nothing as rows are frozen', () => {
    const freeze = (sample: number[]) => {
      const sketch = DdSketch.of(sample);
      return freezeWeighted(sketch.weighted(), 10, (left, right) => sketch.borderBetween(left, right));
    };
    expect(freeze([5, 5, 5]).counts).toEqual([0, 3, 0]);
    expect(freeze([0, 0, 0, Infinity]).counts).toEqual([0, 3, 1]);
    expect(freeze([NaN])).toEqual({ edges: [], counts: [0], missing: 1, total: 1 });
    expect(
      freeze([...new Array<number>(90).fill(0), ...Array.from({ length: 10 }, (_, i) => i + 1)]).counts,
    ).toEqual([0, 90, 10]);
    expect(() => freezeWeighted(DdSketch.empty().weighted(), 1)).toThrow(InvalidSampleError);
  });
});

describe('KllSketch', () => {
  it('is exact while all rows fit', () => {
    const sketch = KllSketch.of([5, 1, 3, NaN, -Infinity], 1);
    expect(sketch.rankError()).toBe(0);
    expect([0, 0.25, 0.5, 0.75, 1].map((share) => sketch.quantile(share))).toEqual([
      -Infinity,
      -Infinity,
      1,
      3,
      5,
    ]);
    expect(sketch.shareAtOrBelow(3)).toBe(0.75);
    expect(sketch.state()).toMatchObject({ missing: 1, below: 1, min: 1, max: 5 });
  });

  it('by hand: nine rows in eight places become four or five of weight two and one that stays', () => {
    const sketch = KllSketch.of([9, 8, 7, 6, 5, 4, 3, 2, 1], 7, 8);
    const [low, high] = sketch.state().levels;
    expect(low).toEqual([9]);
    expect([
      [1, 3, 5, 7],
      [2, 4, 6, 8],
    ]).toContainEqual(high);
    expect(sketch.rankError('one', 0.95)).toBeCloseTo(Math.sqrt(2 * Math.log(40)) / 9, 12);
  });

  it('never loses a row and keeps its size small', () => {
    const random = new SeededRandom(62);
    const sketch = KllSketch.of(
      Array.from({ length: 200_000 }, () => random.normal()),
      62,
    );
    const { weights } = sketch.weighted();
    expect(weights.reduce((sum, weight) => sum + weight, 0)).toBe(200_000);
    expect(weights.length).toBeLessThan(1300);
    expect(sketch.rankError('one')).toBeLessThan(0.007);
    expect(sketch.rankError('all')).toBeLessThan(0.011);
  });

  it('keeps the stated rank error in more than 99 % of 1,000 seeded runs, merged from four parts or not', () => {
    const random = new SeededRandom(63);
    let [single, merged] = [0, 0];
    for (let run = 0; run < 1000; run += 1) {
      const rows = Float64Array.from({ length: 1600 }, () => random.next());
      const real = rows.filter((value) => value <= 0.37).length / rows.length;
      const seeds = [0, 1, 2, 3].map((part) => run * 4 + part);
      const whole = KllSketch.of(rows, seeds[0]!, 32);
      const [a, b, c, d] = seeds.map((seed, part) =>
        KllSketch.of(rows.subarray(part * 400, (part + 1) * 400), seed, 32),
      );
      const parts = a!.merge(b!).merge(c!.merge(d!));
      if (Math.abs(whole.shareAtOrBelow(0.37)! - real) > whole.rankError('one')) single += 1;
      if (Math.abs(parts.shareAtOrBelow(0.37)! - real) > parts.rankError('one')) merged += 1;
    }
    expect(single).toBeLessThan(10);
    expect(merged).toBeLessThan(10);
  });

  it('errs to either side alike, so that merging thousands of small sketches does not drift', () => {
    const random = new SeededRandom(64);
    let sum = 0;
    const runs = 3000;
    for (let run = 0; run < runs; run += 1) {
      const rows = Float64Array.from({ length: 100 }, () => random.next());
      sum +=
        KllSketch.of(rows, run, 8).shareAtOrBelow(0.5)! - rows.filter((value) => value <= 0.5).length / 100;
    }
    expect(Math.abs(sum / runs)).toBeLessThan(0.004);
  });

  it('merges in either order to the same, in any grouping within its error', () => {
    const rows = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { maxLength: 80 });
    fc.assert(
      fc.property(rows, rows, rows, (a, b, c) => {
        const [x, y, z] = [KllSketch.of(a, 1, 16), KllSketch.of(b, 2, 16), KllSketch.of(c, 3, 16)];
        expect({ ...x.merge(y).state() }).toEqual(y.merge(x).state());
        const [left, right] = [x.merge(y).merge(z), x.merge(y.merge(z))];
        const all = [...a, ...b, ...c];
        expect([left.count, right.count]).toEqual([all.length, all.length]);
        expect(left.state().min).toBe(right.state().min);
        if (all.length === 0) return;
        const real = all.filter((value) => value <= all[0]!).length / all.length;
        for (const sketch of [left, right]) {
          expect(Math.abs(sketch.shareAtOrBelow(all[0]!)! - real)).toBeLessThanOrEqual(
            sketch.rankError('one', 1 - 1e-9) + 1e-12,
          );
        }
      }),
    );
  });

  it('continues from a stored state with identical results', () => {
    fc.assert(
      fc.property(values, values, (before, after) => {
        const resumed = KllSketch.restore(stored(KllSketch.of(before, 5, 8).state()));
        for (const value of after) resumed.add(value);
        expect(resumed.state()).toEqual(KllSketch.of([...before, ...after], 5, 8).state());
      }),
    );
  });

  it('has no answer without values and refuses equal coins, other sizes and an invalid share', () => {
    expect(KllSketch.empty(1).quantile(0.5)).toBeUndefined();
    expect(KllSketch.empty(1).shareAtOrBelow(3)).toBeUndefined();
    expect(KllSketch.of([7, 7, 7], 1).quantile(0.9)).toBe(7);
    expect(() => KllSketch.empty(1).merge(KllSketch.empty(1))).toThrow('give each its own seed');
    expect(() => KllSketch.empty(1, 8).merge(KllSketch.empty(2, 9))).toThrow(InvalidSampleError);
    expect(() => KllSketch.empty(1, 3)).toThrow(InvalidSampleError);
    expect(() => KllSketch.empty(0.5)).toThrow(InvalidSampleError);
    expect(() => KllSketch.empty(1).quantile(-0.1)).toThrow(InvalidSampleError);
  });
});

describe('Kolmogorov-Smirnov on sketches', () => {
  const counts = fc.array(fc.nat({ max: 6 }), { minLength: 3, maxLength: 8 });

  it('bounds the distance of counts: by hand', () => {
    // F1 - F2 at the borders: 1/2 - 1/4, 1 - 1/2, 0. In the second bucket it can fall to 1/4 - 1/4 first or rise to 3/4.
    expect(boundKolmogorovDistance([2, 2, 0], [1, 1, 2])).toEqual({ lower: 0.5, upper: 0.75 });
    expect(boundKolmogorovDistance([1], [1], () => true)).toEqual({ lower: 0, upper: 0 });
    expect(boundKolmogorovDistance([0], [1])).toBeUndefined();
  });

  it('whatever lies inside the buckets stays within the bounds, and both ends are reached', () => {
    fc.assert(
      fc.property(
        counts,
        counts,
        fc.infiniteStream(fc.double({ min: 0, max: 0.99, noNaN: true })),
        (a, b, inside) => {
          const size = Math.min(a.length, b.length);
          const rows = (list: number[]) =>
            list
              .slice(0, size)
              .flatMap((count, bin) =>
                Array.from({ length: count }, () => bin + Number(inside.next().value)),
              );
          const [x, y] = [rows(a), rows(b)];
          const bounds = boundKolmogorovDistance(a.slice(0, size), b.slice(0, size));
          const real = ksTwoSample(x, y)?.statistic;
          if (real === undefined || bounds === undefined) expect(bounds).toBe(real);
          else {
            expect(real).toBeGreaterThanOrEqual(bounds.lower - 1e-12);
            expect(real).toBeLessThanOrEqual(bounds.upper + 1e-12);
          }
        },
      ),
    );
  });

  it('of DDSketches holds the distance of the rows between its bounds', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        // A denormal is a zero to the sketch.
        const flushed = (sample: number[]) => sample.map((value) => (Math.abs(value) < 1e-300 ? 0 : value));
        const [x, y] = [flushed(a), flushed(b)];
        const real = ksTwoSample(x, y);
        const found = ksFromDdSketches(DdSketch.of(x), DdSketch.of(y));
        if (real === undefined || found === undefined) expect(found).toBe(real);
        else {
          expect(real.statistic).toBeGreaterThanOrEqual(found.lowerBound - 1e-12);
          expect(real.statistic).toBeLessThanOrEqual(found.upperBound + 1e-12);
        }
      }),
    );
  });

  it('is near the distance of the rows and judges alike', () => {
    const random = new SeededRandom(66);
    const column = (shift: number) => Float64Array.from({ length: 20_000 }, () => random.normal() + shift);
    for (const shift of [0, 0.05, 0.5]) {
      const [x, y] = [column(0), column(shift)];
      const real = ksTwoSample(x, y)!;
      const dd = ksFromDdSketches(DdSketch.of(x), DdSketch.of(y))!;
      const kll = ksFromKllSketches(KllSketch.of(x, 1), KllSketch.of(y, 2))!;
      expect(dd.upperBound - dd.lowerBound).toBeLessThan(0.012);
      for (const found of [dd, kll]) {
        expect(Math.abs(found.statistic - real.statistic)).toBeLessThan(0.012);
        expect(real.statistic).toBeGreaterThanOrEqual(found.lowerBound);
        expect(real.statistic).toBeLessThanOrEqual(found.upperBound);
        expect(found.pValue).toBeGreaterThanOrEqual(real.pValue - 1e-12);
      }
    }
  });

  it('does not resolve, with a DDSketch, what happens within a few hundredths of a magnitude', () => {
    const [x, y] = [
      [300.1, 300.2, 300.3],
      [301.1, 301.2, 301.3],
    ];
    expect(ksFromDdSketches(DdSketch.of(x), DdSketch.of(y))).toMatchObject({ lowerBound: 0, upperBound: 1 });
    expect(ksFromKllSketches(KllSketch.of(x, 1), KllSketch.of(y, 2))!.statistic).toBe(1);
  });

  it('answers nothing for a side without values', () => {
    expect(ksFromDdSketches(DdSketch.of([NaN]), DdSketch.of([1]))).toBeUndefined();
    expect(ksFromKllSketches(KllSketch.of([NaN], 1), KllSketch.of([1], 2))).toBeUndefined();
    expect(() => ksFromDdSketches(DdSketch.empty(0.01), DdSketch.empty(0.02))).toThrow(InvalidSampleError);
  });
});

describe('merging histograms', () => {
  it('is associative and commutative', () => {
    const edges = [-1, 0, 1];
    fc.assert(
      fc.property(values, values, values, (a, b, c) => {
        const [x, y, z] = [countInto(edges, a), countInto(edges, b), countInto(edges, c)];
        expect(mergeHistograms(mergeHistograms(x, y), z)).toEqual(mergeHistograms(x, mergeHistograms(y, z)));
        expect(mergeHistograms(x, y)).toEqual(mergeHistograms(y, x));
      }),
    );
  });
});
