import { SeededRandom } from '@headrace/kernel';
import { describe, expect, it } from 'vitest';
import { fitPlatt } from './platt-scaling.js';

const random = new SeededRandom(42);
const sigmoid = (margin: number): number => 1 / (1 + Math.exp(-margin));

describe("Platt's scaling", () => {
  it('finds the slope and the intercept that the labels were drawn with', () => {
    const margins = Array.from({ length: 40_000 }, () => random.normal() * 2);
    const labels = margins.map((margin) => (random.next() < sigmoid(0.5 * margin - 1) ? 1 : 0));
    const fitted = fitPlatt(labels, margins);
    expect(fitted?.slope).toBeCloseTo(0.5, 1);
    expect(fitted?.intercept).toBeCloseTo(-1, 1);
  });

  it('gives the mean of the smoothed targets, as every logistic regression with an intercept does', () => {
    const margins = Array.from({ length: 60 }, (_, row) => row / 10 - 3);
    const labels = margins.map((_, row) => (row % 3 === 0 || row > 40 ? 1 : 0));
    const positives = labels.filter((label) => label === 1).length;
    const expected =
      (positives * (positives + 1)) / (positives + 2) + (60 - positives) / (60 - positives + 2);
    const fitted = fitPlatt(labels, margins)!;
    const sum = margins.reduce(
      (total, margin) => total + sigmoid(fitted.slope * margin + fitted.intercept),
      0,
    );
    expect(sum).toBeCloseTo(expected, 4);
  });

  // python -m venv V && V/bin/pip install scikit-learn==1.9.1 numpy==2.4.6; then, without any seed:
  // a, b = sklearn.calibration._sigmoid_calibration(m, y), with the margins m and labels y below; slope -a, intercept -b.
  it("fits scikit-learn's slope and intercept", () => {
    const margins = Array.from({ length: 60 }, (_, row) => row / 10 - 3);
    const labels = margins.map((_, row) => (row % 3 === 0 || row > 40 ? 1 : 0));
    const fitted = fitPlatt(labels, margins);
    expect(fitted?.slope).toBeCloseTo(0.6065436274, 6);
    expect(fitted?.intercept).toBeCloseTo(0.2823235108, 6);
  });

  it('stays finite on a separable set', () => {
    const margins = Array.from({ length: 100 }, (_, row) => (row < 50 ? -5 : 5));
    const fitted = fitPlatt(
      margins.map((margin) => (margin > 0 ? 1 : 0)),
      margins,
    );
    // Targets 51/52 and 1/52: logit 3.93 at a margin of 5.
    expect(fitted?.slope).toBeCloseTo(Math.log(51) / 5, 4);
    expect(fitted?.intercept).toBeCloseTo(0, 6);
  });

  it.each([
    ['one class', Array<number>(50).fill(1), Array.from({ length: 50 }, (_, row) => row)],
    ['too few positives', [1, ...Array<number>(49).fill(0)], Array.from({ length: 50 }, (_, row) => row)],
    ['equal margins', Array.from({ length: 50 }, (_, row) => row % 2), Array<number>(50).fill(1)],
    [
      'margins that are worst where they are highest',
      Array.from({ length: 50 }, (_, row) => (row < 25 ? 1 : 0)),
      Array.from({ length: 50 }, (_, row) => row),
    ],
    ['no rows', [], []],
  ])('is not fitted to %s', (_, labels, margins) => {
    expect(fitPlatt(labels, margins)).toBeUndefined();
  });
});
