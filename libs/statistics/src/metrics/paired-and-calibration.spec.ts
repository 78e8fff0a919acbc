import { SeededRandom } from '@headrace/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accuracy, confusion } from './confusion.js';
import { estimatePerformance } from './estimate-performance.js';
import { readGolden } from '../golden/read-golden.js';
import { InvalidSampleError } from '../samples/invalid-sample-error.js';
import { calibrateIsotonic, fitIsotonic } from './isotonic-calibration.js';
import { wilcoxonSignedRank } from '../tests/wilcoxon-signed-rank.js';

fc.configureGlobal({ seed: 20261124 });

const { estimated } = readGolden('monitoring') as {
  estimated: ({ probabilities: number[]; threshold: number } & Record<
    'accuracy' | 'precision' | 'recall' | 'f1' | 'rocAuc' | 'costPerPrediction',
    number
  >)[];
};

const golden = readGolden('tests') as {
  wilcoxon: { differences: number[]; exact: number; statistic: number; approx: number }[];
};

const fits = readGolden('metrics') as {
  isotonic: { labels: number[]; scores: number[]; at: number[]; calibrated: number[] };
  estimated: { probabilities: number[]; threshold: number } & Record<
    'accuracy' | 'precision' | 'recall' | 'f1' | 'rocAuc',
    number
  >;
};

describe('wilcoxonSignedRank', () => {
  it.each(golden.wilcoxon)('is what SciPy says (statistic $statistic)', ({ differences, ...expected }) => {
    const zeros = differences.map(() => 0);
    const exact = wilcoxonSignedRank(differences, zeros)!;
    expect(exact).toMatchObject({ statistic: expected.statistic, method: 'exact' });
    expect(exact.pValue).toBeCloseTo(expected.exact, 10);
    expect(wilcoxonSignedRank(differences, zeros, { method: 'asymptotic' })!.pValue).toBeCloseTo(
      expected.approx,
      10,
    );
  });

  it('knows nothing when no pair differs', () => {
    expect(wilcoxonSignedRank([1, 2], [1, 2])).toBeUndefined();
    expect(wilcoxonSignedRank([1, NaN], [1, 2])).toBeUndefined();
  });
});

describe('estimatePerformance', () => {
  it('is what scikit-learn answers for rows that are positive with the weight p and negative with 1 - p', () => {
    const { probabilities, threshold, ...expected } = fits.estimated;
    const ours = estimatePerformance(probabilities, { threshold })!;
    for (const metric of ['accuracy', 'precision', 'recall', 'f1', 'rocAuc'] as const) {
      expect(ours[metric]).toBeCloseTo(expected[metric], 10);
    }
  });

  it('expects 0.1 false alarms of 10 and 0.2 missed incidents of 100 in two rows', () => {
    expect(estimatePerformance([0.9, 0.2])!.costPerPrediction).toBeCloseTo((0.1 * 10 + 0.2 * 100) / 2, 12);
    expect(estimatePerformance([0, 0])!.rocAuc).toBeUndefined();
    expect(estimatePerformance([0.5, NaN])).toBeUndefined();
  });

  it('is by hand: 0.9 and 0.2 are right with 0.9 and 0.8', () => {
    expect(estimatePerformance([0.9, 0.2])!.accuracy).toBeCloseTo(0.85, 12);
    expect(estimatePerformance([0.9, 0.2])!.recall).toBeCloseTo(0.9 / 1.1, 12);
    expect(estimatePerformance([0.1])!.precision).toBeUndefined();
    expect(estimatePerformance([])).toBeUndefined();
    expect(() => estimatePerformance([1.2])).toThrow(InvalidSampleError);
  });

  it('is near the real accuracy of calibrated probabilities', () => {
    const random = new SeededRandom(51);
    const probabilities = Array.from({ length: 20_000 }, () => random.next() ** 2);
    const labels = probabilities.map((probability) => (random.next() < probability ? 1 : 0));
    const real = accuracy(confusion(labels, probabilities))!;
    expect(Math.abs(estimatePerformance(probabilities)!.accuracy - real)).toBeLessThan(0.01);
  });
});

describe('isotonic calibration', () => {
  it("is scikit-learn's, between the points and beyond them", () => {
    const { labels, scores, at, calibrated } = fits.isotonic;
    const fitted = fitIsotonic(labels, scores)!;
    at.forEach((score, index) =>
      expect(calibrateIsotonic(fitted, score)).toBeCloseTo(calibrated[index]!, 10),
    );
  });

  it('is nothing without rows, a constant for one score, and refuses a score that is not finite', () => {
    expect(fitIsotonic([], [])).toBeUndefined();
    expect(fitIsotonic([1, 0], [0.5, NaN])).toBeUndefined();
    const constant = fitIsotonic([1, 0, 0, 0], [0.5, 0.5, 0.5, 0.5])!;
    expect([0, 0.5, 1].map((score) => calibrateIsotonic(constant, score))).toEqual([0.25, 0.25, 0.25]);
  });

  it('pools what falls: 0, 1, 0, 1 becomes 0, 0.5, 0.5, 1', () => {
    const fitted = fitIsotonic([0, 1, 0, 1], [1, 2, 3, 4])!;
    expect([1, 2, 3, 4].map((score) => calibrateIsotonic(fitted, score))).toEqual([0, 0.5, 0.5, 1]);
    expect(calibrateIsotonic(fitted, 1.5)).toBe(0.25);
    expect([0, 9].map((score) => calibrateIsotonic(fitted, score))).toEqual([0, 1]);
  });

  it('never falls, stays in [0, 1] and keeps the mean', () => {
    const rows = fc.array(fc.tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: 0, max: 20 })), {
      minLength: 1,
      maxLength: 60,
    });
    fc.assert(
      fc.property(rows, (sample) => {
        const [labels, scores] = [sample.map(([label]) => label), sample.map(([, score]) => score)];
        const fitted = fitIsotonic(labels, scores)!;
        const mapped = scores.map((score) => calibrateIsotonic(fitted, score));
        const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
        expect(sum(mapped)).toBeCloseTo(sum(labels), 8);
        scores.forEach((score, row) => {
          expect(mapped[row]! >= 0 && mapped[row]! <= 1).toBe(true);
          scores.forEach((other, index) => {
            if (score < other) expect(mapped[row]!).toBeLessThanOrEqual(mapped[index]! + 1e-12);
          });
        });
      }),
      { numRuns: 50 },
    );
  });
});

describe.each(estimated)('estimatePerformance at $threshold', ({ probabilities, threshold, ...expected }) => {
  const ours = estimatePerformance(probabilities, { threshold })!;
  it.each(['accuracy', 'precision', 'recall', 'f1', 'rocAuc', 'costPerPrediction'] as const)(
    "has NannyML's %s",
    (metric) => {
      // NannyML rounds the counts under its curve to five digits; scikit-learn's area, above, is met to ten.
      expect(ours[metric]).toBeCloseTo(expected[metric], metric === 'rocAuc' ? 6 : 10);
    },
  );
});
