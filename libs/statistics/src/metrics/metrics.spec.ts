import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { brierScore } from './brier-score.js';
import { businessCost, costPerPrediction } from './business-cost.js';
import { calibrationError } from './calibration-error.js';
import { accuracy, alertPrecision, confusion, f1, precision, recall } from './confusion.js';
import { evaluateBinary } from './evaluate-binary.js';
import { mse, r2 } from './forecast-errors.js';
import { readGolden } from '../golden/read-golden.js';
import { InvalidSampleError } from '../samples/invalid-sample-error.js';
import { logLoss } from './log-loss.js';
import { prAuc } from './pr-auc.js';
import { rocAuc } from './roc-auc.js';
import { directionalAccuracy, temporalConsistency } from './temporal-metrics.js';
import { falsePositiveRate } from './confusion.js';
import { forecastBias } from './forecast-errors.js';

fc.configureGlobal({ seed: 20261124 });

const monitoring = readGolden('monitoring') as {
  calibration: { name: string; labels: number[]; probabilities: number[]; bins10: number; bins15: number }[];
  costs: ({ labels: number[]; scores: number[] } & Record<
    'businessCost' | 'costPerPrediction' | 'otherCosts' | 'alertPrecision' | 'falsePositiveRate',
    number
  >)[];
  overTime: {
    level: number[];
    forecast: number[];
    directionalAccuracy: number;
    forecastBias: number;
    labels: number[];
    probabilities: number[];
    blocks: number;
    temporalConsistency: number;
  }[];
};

type Case = { name: string; labels: number[]; scores: number[] } & Record<string, number>;
const golden = readGolden('metrics') as { classification: Case[] };

describe.each(golden.classification)('metrics of "$name" as scikit-learn computes them', (example) => {
  const ours = evaluateBinary(example.labels, example.scores);
  it.each([
    'accuracy',
    'precision',
    'recall',
    'f1',
    'roc_auc',
    'pr_auc',
    'brier_score',
    'log_loss',
    'mse',
    'mae',
    'r2',
    'forecast_bias',
  ] as const)('%s', (metric) => {
    expect(ours[metric]).toBeCloseTo(example[metric]!, 10);
  });
});

describe('a metric that cannot be computed is undefined, never NaN or 0', () => {
  it('knows nothing without rows', () => {
    expect(Object.values(evaluateBinary([], [])).every((value) => value === undefined)).toBe(true);
  });

  it('knows nothing when a score is not a number', () => {
    expect(Object.values(evaluateBinary([0, 1], [0.5, NaN])).every((value) => value === undefined)).toBe(
      true,
    );
  });

  it('has no ranking metrics when only one label occurs', () => {
    expect(rocAuc([0, 0, 0], [0.1, 0.2, 0.3])).toBeUndefined();
    expect(rocAuc([1, 1], [0.1, 0.2])).toBeUndefined();
    expect(prAuc([0, 0], [0.1, 0.2])).toBeUndefined();
    expect(prAuc([1, 1], [0.1, 0.2])).toBe(1);
  });

  it('has no precision when nothing was predicted and no recall when nothing happened', () => {
    const quiet = confusion([0, 1], [0.1, 0.2]);
    expect(precision(quiet)).toBeUndefined();
    expect(alertPrecision(quiet)).toBeUndefined();
    expect(recall(quiet)).toBe(0);
    const calm = confusion([0, 0], [0.1, 0.9]);
    expect(recall(calm)).toBeUndefined();
    expect(f1(calm)).toBe(0);
    expect(f1(confusion([0, 0], [0.1, 0.2]))).toBeUndefined();
  });

  it('explains no variance where there is none', () => {
    expect(r2([3, 3, 3], [3, 3, 3])).toBeUndefined();
    expect(mse([3, 3], [3, 3])).toBe(0);
  });

  it('refuses columns of different length and labels other than 0 and 1', () => {
    expect(() => rocAuc([0, 1], [0.5])).toThrow(InvalidSampleError);
    expect(() => confusion([0, 2], [0.5, 0.5])).toThrow('Label 2 in row 1 is neither 0 nor 1');
  });
});

describe('scores that are not probabilities', () => {
  it('are refused where a probability is meant, and rank all the same', () => {
    for (const metric of [logLoss, brierScore, calibrationError]) {
      expect(() => metric([0, 1], [0.5, 1.5])).toThrow('Row 1 holds 1.5, which is not a probability');
      expect(metric([0, 1], [0, 1 + 1e-7])).toBeCloseTo(0, 6);
    }
    expect(rocAuc([0, 1], [-3, 7])).toBe(1);
    expect(prAuc([0, 1], [-3, 7])).toBe(1);
    expect(() => calibrationError([0, 1], [0, 1], 0)).toThrow(InvalidSampleError);
  });
});

describe('what mistakes cost', () => {
  const counts = confusion([1, 1, 0, 0, 0], [0.9, 0.2, 0.8, 0.7, 0.1]);

  it('weighs a false alarm with 10 and a missed incident with 100', () => {
    expect(counts).toEqual({ truePositives: 1, falsePositives: 2, trueNegatives: 1, falseNegatives: 1 });
    expect(businessCost(counts)).toBe(120);
    expect(costPerPrediction(counts)).toBe(24);
    expect(alertPrecision(counts)).toBeCloseTo(1 / 3);
    expect(accuracy(counts)).toBe(0.4);
  });

  it('takes other costs', () => {
    expect(businessCost(counts, { falsePositive: 1, falseNegative: 5 })).toBe(7);
  });

  it('calls a score of exactly the threshold negative', () => {
    expect(confusion([1], [0.5])?.falseNegatives).toBe(1);
  });
});

describe('metrics over time', () => {
  it('counts only steps on which something changed', () => {
    expect(directionalAccuracy([1, 2, 2, 1], [5, 6, 9, 9])).toBe(0.5);
    expect(directionalAccuracy([1, 1, 1], [1, 2, 3])).toBeUndefined();
  });

  it('is 1 when every block is equally good and 0 when half are perfect and half wrong', () => {
    const labels = Array.from({ length: 40 }, (_, row) => row % 2);
    expect(temporalConsistency(labels, labels)).toBe(1);
    expect(
      temporalConsistency(
        labels,
        labels.map(() => 0.5),
      ),
    ).toBe(1);
    expect(
      temporalConsistency(
        labels,
        labels.map((label, row) => (row < 20 ? label : 1 - label)),
      ),
    ).toBe(0);
    expect(temporalConsistency([0, 1], [0, 1])).toBeUndefined();
  });
});

describe('calibrationError', () => {
  it('is the weighted gap between what was said and what happened', () => {
    expect(calibrationError([0, 1, 1, 1], [0.25, 0.25, 0.75, 0.75])).toBeCloseTo(0.25, 12);
    expect(calibrationError([0, 1], [0.55, 0.55])).toBeCloseTo(0.05, 12);
  });

  it('counts a certain prediction in the last bin', () => {
    expect(calibrationError([1, 1], [1, 1])).toBe(0);
  });
});

describe('laws', () => {
  const rows = fc.array(
    fc.record({ label: fc.integer({ min: 0, max: 1 }), score: fc.double({ min: 0, max: 1, noNaN: true }) }),
    { minLength: 1, maxLength: 60 },
  );

  it('turning the scores around turns the area under the ROC curve around', () => {
    fc.assert(
      fc.property(rows, (sample) => {
        const labels = sample.map((row) => row.label);
        const area = rocAuc(
          labels,
          sample.map((row) => row.score),
        );
        const turned = rocAuc(
          labels,
          sample.map((row) => -row.score),
        );
        if (area === undefined) expect(turned).toBeUndefined();
        else expect(area + turned!).toBeCloseTo(1, 10);
      }),
    );
  });

  it('never depends on the order of the rows', () => {
    fc.assert(
      fc.property(rows, (sample) => {
        const backwards = [...sample].reverse();
        const of = (list: typeof sample) =>
          [rocAuc, prAuc].map((metric) =>
            metric(
              list.map((row) => row.label),
              list.map((row) => row.score),
            ),
          );
        of(sample).forEach((value, index) => {
          if (value === undefined) expect(of(backwards)[index]).toBeUndefined();
          else expect(of(backwards)[index]).toBeCloseTo(value, 10);
        });
      }),
    );
  });

  it('keeps every ratio in [0, 1]', () => {
    fc.assert(
      fc.property(rows, (sample) => {
        const metrics = evaluateBinary(
          sample.map((row) => row.label),
          sample.map((row) => row.score),
        );
        for (const name of [
          'accuracy',
          'precision',
          'recall',
          'f1',
          'roc_auc',
          'pr_auc',
          'brier_score',
          'calibration_error',
        ] as const) {
          const value = metrics[name];
          if (value !== undefined) expect(value >= 0 && value <= 1 + 1e-12).toBe(true);
        }
      }),
    );
  });
});

describe('against other implementations', () => {
  it.each(monitoring.calibration)(
    'calibration error of "$name" is that of pycalib',
    ({ labels, probabilities, ...expected }) => {
      expect(calibrationError(labels, probabilities)).toBeCloseTo(expected.bins10, 12);
      expect(calibrationError(labels, probabilities, 15)).toBeCloseTo(expected.bins15, 12);
    },
  );

  it.each(monitoring.costs)(
    "costs are those of scikit-learn's confusion matrix: $businessCost",
    ({ labels, scores, ...expected }) => {
      const counts = confusion(labels, scores);
      expect(businessCost(counts)).toBe(expected.businessCost);
      expect(costPerPrediction(counts)).toBeCloseTo(expected.costPerPrediction, 12);
      expect(businessCost(counts, { falsePositive: 1.5, falseNegative: 7.25 })).toBeCloseTo(
        expected.otherCosts,
        10,
      );
      expect(alertPrecision(counts)).toBeCloseTo(expected.alertPrecision, 12);
      expect(falsePositiveRate(counts)).toBeCloseTo(expected.falsePositiveRate, 12);
    },
  );

  it.each(monitoring.overTime)(
    'direction, bias and consistency over $blocks blocks are those of NumPy',
    (series) => {
      expect(directionalAccuracy(series.level, series.forecast)).toBeCloseTo(series.directionalAccuracy, 12);
      expect(forecastBias(series.level, series.forecast)).toBeCloseTo(series.forecastBias, 12);
      expect(temporalConsistency(series.labels, series.probabilities, series.blocks)).toBeCloseTo(
        series.temporalConsistency,
        12,
      );
    },
  );
});
