import { SeededRandom } from '@headrace/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { benjaminiHochberg } from './benjamini-hochberg.js';
import { chiSquareHomogeneity } from './chi-square.js';
import { countInto, freezeHistogram } from '../histograms/frozen-histogram.js';
import { readGolden } from '../golden/read-golden.js';
import { InvalidSampleError } from '../samples/invalid-sample-error.js';
import { kolmogorovDistanceOfSorted, kolmogorovDistance } from './kolmogorov-distance.js';
import { ksFromHistograms } from '../sketches/ks-from-histograms.js';
import { ksExactTail } from './ks-exact-tail.js';
import { ksTail } from './ks-tail.js';
import { ksTwoSample } from './ks-two-sample.js';
import { mannWhitney } from './mann-whitney.js';
import { sortValues } from '../samples/sort-values.js';
import {
  chiSquareTail,
  kolmogorovTail,
  logGamma,
  normalQuantile,
  normalTail,
} from '../samples/special-functions.js';
import { normalizedWasserstein, wassersteinDistance } from './wasserstein.js';

fc.configureGlobal({ seed: 20261124 });

const golden = readGolden('tests') as {
  ksTails: { n: number; m: number; statistic: number; exact: number }[];
  mannWhitney: { first: number[]; second: number[]; exact: number; asymptotic: number }[];
  twoSamples: ({ name: string; first: number[]; second: number[] } & Record<string, number>)[];
  large: { ks: number; wasserstein: number };
  chiSquare: { first: number[]; second: number[]; statistic: number; pValue: number; effect: number }[];
  benjaminiHochberg: { pValues: number[]; adjusted: number[] };
  special: {
    x: number[];
    logGamma: number[];
    chiSquareTail3: number[];
    normalTail: number[];
    normalQuantile: [number, number][];
    kolmogorovTail: number[];
  };
};

/** The generator of the golden file's large samples. */
function uniform(seed: number, rows: number): Float64Array {
  let state = seed;
  return Float64Array.from({ length: rows }, () => {
    state = Number((BigInt(state) * 1664525n + 1013904223n) % 4294967296n);
    return state / 4294967296;
  });
}

const relative = (actual: number | undefined, expected: number, tolerance = 1e-9): void => {
  expect(Math.abs(actual! - expected)).toBeLessThanOrEqual(tolerance * Math.max(Math.abs(expected), 1e-3));
};

describe.each(golden.twoSamples)('two samples "$name" as SciPy judges them', (example) => {
  it('Kolmogorov-Smirnov', () => {
    const exact = ksTwoSample(example.first, example.second)!;
    expect(exact.method).toBe('exact');
    relative(exact.statistic, example['ks']!);
    relative(exact.pValue, example['ksExact']!);
    relative(ksTwoSample(example.first, example.second, 'asymptotic')!.pValue, example['ksAsymptotic']!);
  });

  it('Wasserstein', () =>
    relative(wassersteinDistance(example.first, example.second), example['wasserstein']!));

  it('Mann-Whitney', () => {
    const result = mannWhitney(example.first, example.second)!;
    expect(result.statistic).toBe(example['mannWhitneyU']);
    relative(result.pValue, example['mannWhitneyP']!);
  });
});

describe('exact p-values', () => {
  it.each(golden.ksTails)(
    "KS of $n and $m values, $statistic apart, is SciPy's, also far in the tail",
    ({ n, m, statistic, exact }) => {
      expect(ksExactTail(statistic, n, m) / exact).toBeCloseTo(1, 12);
      expect(ksExactTail(statistic, m, n) / exact).toBeCloseTo(1, 12);
      // Kolmogorov's limit is as good as it gets for few values, and better for many.
      if (Math.min(n, m) > 1000) {
        expect(Math.abs(ksTail(statistic, n, m) / exact - 1)).toBeLessThan(exact > 0.01 ? 0.01 : 0.1);
      }
    },
  );

  it('KS by hand: of the six orders of two and two values, two are fully apart and four at least half', () => {
    expect(ksExactTail(1, 2, 2)).toBeCloseTo(2 / 6, 15);
    expect(ksExactTail(0.5, 2, 2)).toBe(1);
    expect(ksExactTail(0, 2, 2)).toBe(1);
    // One value and three: it is the smallest or the largest of four in half of the orders.
    expect(ksExactTail(1, 1, 3)).toBeCloseTo(2 / 4, 15);
    expect(ksExactTail(0.9, 9000, 9000)).toBe(0);
  });

  it('KS of two samples of one size is the closed form of Gnedenko and Korolyuk', () => {
    const logFactorials = [0];
    for (let k = 1; k <= 120; k += 1) logFactorials.push(logFactorials[k - 1]! + Math.log(k));
    const share = (n: number, shift: number) =>
      Math.exp(2 * logFactorials[n]! - logFactorials[n - shift]! - logFactorials[n + shift]!);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60 }), (n, steps) => {
        const k = Math.min(n, steps);
        let closed = 0;
        for (let i = 1; i * k <= n; i += 1) closed += 2 * (i % 2 === 1 ? 1 : -1) * share(n, i * k);
        expect(ksExactTail(k / n, n, n)).toBeCloseTo(Math.min(1, closed), 10);
      }),
    );
  });

  it('falls as the distance grows and changes over from exact to asymptotic above 10,000 values', () => {
    const random = new SeededRandom(9);
    const column = (rows: number) => Float64Array.from({ length: rows }, () => random.next());
    expect(ksTwoSample(column(10_000), column(300))!.method).toBe('exact');
    expect(ksTwoSample(column(10_001), column(300))!.method).toBe('asymptotic');
    const tails = Array.from({ length: 40 }, (_, step) => ksExactTail((step + 1) / 40, 40, 25));
    tails.forEach((tail, step) => expect(tail).toBeLessThanOrEqual(tails[step - 1] ?? 1));
  });

  it.each(golden.mannWhitney)("Mann-Whitney's are SciPy's", ({ first, second, exact, asymptotic }) => {
    relative(mannWhitney(first, second, 'exact')!.pValue, exact);
    relative(mannWhitney(first, second, 'asymptotic')!.pValue, asymptotic);
    expect(mannWhitney([1, 1], [1, 2], 'exact')!.method, 'ties have no exact value').toBe('asymptotic');
  });

  it('Mann-Whitney by hand: 1 of 20 orders of three and three is as extreme to either side', () => {
    expect(mannWhitney([1, 2, 3], [4, 5, 6])).toMatchObject({ statistic: 0, effect: 0, method: 'exact' });
    expect(mannWhitney([1, 2, 3], [4, 5, 6])!.pValue).toBeCloseTo(2 / 20, 14);
  });
});

describe('large samples', () => {
  it('have the distances that SciPy finds', () => {
    const [first, second] = [uniform(1, 20_000), uniform(2, 15_000).map((value) => value ** 1.05)];
    relative(ksTwoSample(first, second)!.statistic, golden.large.ks);
    expect(ksTwoSample(first, second)!.method).toBe('asymptotic');
    relative(wassersteinDistance(first, second), golden.large.wasserstein);
  });

  it('have the same largest gap by buckets as by sorting', () => {
    const random = new SeededRandom(4);
    const shapes: (() => number)[] = [
      () => random.normal(),
      () => Math.exp(3 * random.normal()),
      () => Math.round(2 * random.normal()),
      () => (random.next() < 0.01 ? 1e9 : random.next()),
      () => (random.next() < 0.1 ? NaN : random.next()),
      () => 7,
    ];
    for (const first of shapes) {
      for (const second of shapes) {
        const x = Float64Array.from({ length: 3000 }, first);
        const y = Float64Array.from({ length: 2000 }, second);
        expect(kolmogorovDistance(x, y)).toEqual(kolmogorovDistanceOfSorted(sortValues(x), sortValues(y)));
      }
    }
  });
});

describe('awkward columns have a defined result', () => {
  it('finds no difference between equal constants and a full one between others (evidently#1929)', () => {
    expect(ksTwoSample([5, 5, 5], [5, 5])).toMatchObject({ statistic: 0, pValue: 1 });
    expect(ksTwoSample([5, 5, 5], [6, 6])!.statistic).toBe(1);
    expect(wassersteinDistance([5, 5], [5])).toBe(0);
    expect(normalizedWasserstein([5, 5], [6])).toBeUndefined();
    expect(mannWhitney([5, 5], [5, 5])!.pValue).toBe(1);
  });

  it('answers nothing for a side without values (nannyml#339)', () => {
    for (const test of [ksTwoSample, mannWhitney, wassersteinDistance]) {
      expect(test([NaN, NaN], [1, 2])).toBeUndefined();
      expect(test([1, 2], [])).toBeUndefined();
    }
    expect(kolmogorovDistance(new Float64Array(3000).fill(NaN), new Float64Array(3000))).toBeUndefined();
  });

  it('leaves NaN out', () => {
    expect(ksTwoSample([1, NaN, 2], [1, 2, NaN])).toMatchObject({ statistic: 0, rows: [2, 2] });
  });

  it('cannot find a difference in a column of a single category (nannyml#327)', () => {
    expect(chiSquareHomogeneity([10], [20])).toBeUndefined();
    expect(chiSquareHomogeneity([10, 0], [20, 0])).toBeUndefined();
    expect(chiSquareHomogeneity([10, 2], [0, 0])).toBeUndefined();
    expect(() => chiSquareHomogeneity([1], [1, 2])).toThrow(InvalidSampleError);
  });
});

describe('a p-value alone', () => {
  it('flags with 200,000 rows what nobody would notice, so the effect has to be asked too (evidently#50)', () => {
    const random = new SeededRandom(12);
    const sample = (shift: number) => Float64Array.from({ length: 200_000 }, () => random.normal() + shift);
    const result = ksTwoSample(sample(0), sample(0.02))!;
    expect(result.pValue).toBeLessThan(0.001);
    expect(result.statistic).toBeLessThan(0.02);
  });
});

describe('chi-square and multiple tests as SciPy and statsmodels compute them', () => {
  it.each(golden.chiSquare)('homogeneity of $first and $second', (example) => {
    const result = chiSquareHomogeneity(example.first, example.second)!;
    relative(result.statistic, example.statistic);
    relative(result.pValue, example.pValue);
    relative(result.effect, example.effect);
  });

  it('Benjamini-Hochberg', () => {
    benjaminiHochberg(golden.benjaminiHochberg.pValues).forEach((value, index) =>
      relative(value, golden.benjaminiHochberg.adjusted[index]!),
    );
    expect(benjaminiHochberg([0.01, undefined, 0.04])).toEqual([0.02, undefined, 0.04]);
  });

  it('Benjamini-Hochberg is its definition for many p-values: nulls, signals, ties, and some that are missing', () => {
    const random = new SeededRandom(33);
    for (const draw of [
      () => random.next(),
      () => random.next() ** 9,
      () => (random.next() < 0.3 ? random.next() * 1e-6 : random.next()),
      () => random.integer(20) / 19,
      () => 0.25,
      () => (random.next() < 0.2 ? undefined : random.next()),
    ]) {
      const pValues = Array.from({ length: 2000 }, draw);
      const tests = pValues.filter((pValue) => pValue !== undefined).sort((one, other) => one - other);
      const ratios = tests.map((pValue, index) => pValue * (tests.length / (index + 1)));
      for (let index = tests.length - 2; index >= 0; index -= 1) {
        ratios[index] = Math.min(ratios[index]!, ratios[index + 1]!);
      }
      const adjustedOf = new Map(tests.map((pValue, index) => [pValue, Math.min(1, ratios[index]!)]));
      expect(benjaminiHochberg(pValues)).toEqual(
        pValues.map((pValue) => (pValue === undefined ? undefined : adjustedOf.get(pValue))),
      );
    }
  });

  it('adjusting never lowers a p-value and keeps their order', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true })), (pValues) => {
        const adjusted = benjaminiHochberg(pValues) as number[];
        pValues.forEach((pValue, i) => {
          expect(adjusted[i]!).toBeGreaterThanOrEqual(pValue);
          expect(adjusted[i]!).toBeLessThanOrEqual(1);
          pValues.forEach((other, j) => {
            if (pValue < other) expect(adjusted[i]!).toBeLessThanOrEqual(adjusted[j]!);
          });
        });
      }),
      { numRuns: 50 },
    );
  });

  it('special functions', () => {
    const { special } = golden;
    special.x.forEach((x, index) => {
      relative(logGamma(x), special.logGamma[index]!, 1e-12);
      relative(chiSquareTail(x, 3), special.chiSquareTail3[index]!, 1e-12);
      relative(kolmogorovTail(x), special.kolmogorovTail[index]!, 1e-12);
      expect(normalTail(x) / special.normalTail[index]!).toBeCloseTo(1, 10);
    });
    special.normalQuantile.forEach(([probability, z]) => relative(normalQuantile(probability), z, 1e-12));
  });
});

describe('laws of the distances', () => {
  const column = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 40 });

  it('KS and Wasserstein are symmetric, 0 for equals and obey the triangle inequality', () => {
    fc.assert(
      fc.property(column, column, column, (a, b, c) => {
        const ks = (x: number[], y: number[]) => ksTwoSample(x, y)!.statistic;
        for (const distance of [ks, (x: number[], y: number[]) => wassersteinDistance(x, y)!]) {
          expect(distance(a, a)).toBe(0);
          expect(distance(a, b)).toBeCloseTo(distance(b, a), 10);
          expect(distance(a, b)).toBeLessThanOrEqual(distance(a, c) + distance(c, b) + 1e-9);
        }
      }),
    );
  });

  it('Wasserstein of a shifted column is the shift', () => {
    fc.assert(
      fc.property(column, fc.integer({ min: 0, max: 100 }), (values, shift) => {
        expect(
          wassersteinDistance(
            values,
            values.map((value) => value + shift),
          ),
        ).toBeCloseTo(shift, 9);
      }),
    );
  });
});

describe('ksFromHistograms', () => {
  const random = new SeededRandom(41);
  const column = (shift: number) => Float64Array.from({ length: 2000 }, () => random.normal() + shift);

  it('is at most the distance of the raw samples, and near it', () => {
    for (const shift of [0, 0.2, 1]) {
      const [first, second] = [column(0), column(shift)];
      const frozen = freezeHistogram(first, { bins: 50 });
      const binned = ksFromHistograms(frozen, countInto(frozen.edges, second))!.statistic;
      const raw = ksTwoSample(first, second)!.statistic;
      expect(binned).toBeLessThanOrEqual(raw + 1e-12);
      expect(binned).toBeGreaterThan(raw - 0.03);
    }
  });

  it('believes fewer rows less', () => {
    const frozen = freezeHistogram(column(0));
    const shifted = countInto(frozen.edges, column(0.2));
    const all = ksFromHistograms(frozen, shifted)!;
    const few = ksFromHistograms(frozen, shifted, [20, 20])!;
    expect(few.statistic).toBe(all.statistic);
    expect(all.pValue).toBeLessThan(1e-6);
    expect(few.pValue).toBeGreaterThan(0.5);
  });

  it('answers nothing for a side without values', () => {
    const frozen = freezeHistogram([1, 2, 3]);
    expect(ksFromHistograms(frozen, countInto(frozen.edges, [NaN]))).toBeUndefined();
  });
});
