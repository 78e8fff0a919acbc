import { readFileSync } from 'node:fs';
import { SeededRandom } from '@headrace/kernel';
import { describe, expect, it } from 'vitest';
import { parseGolden } from '../golden/parse-golden.js';
import { logNormalMass, normalCdf } from './normal-distribution.js';
import { bandwidthOfOthers } from './kernel-bandwidth.js';
import { logDensity } from './log-density.js';
import { fitParzen, type Column } from './parzen-estimator.js';
import { sampleParzen } from './sample-parzen.js';
import { recencyWeights } from './recency-weights.js';
import { type Parameter } from '../space/search-space.js';
import { goodTrials } from './split-trials.js';

const golden = parseGolden(readFileSync(new URL('../golden/optuna-5.0.0.json', import.meta.url), 'utf8'));

describe('the normal distribution', () => {
  it.each(golden.normal.cdf)('keeps 14 digits at z = %d', (z, expected) => {
    expect(Math.abs(normalCdf(z) / expected - 1)).toBeLessThan(2e-14);
  });

  it.each(golden.normal.logMass)('has the mass between %d and %d', (a, b, expected) => {
    expect(Math.abs(logNormalMass(a, b) - expected)).toBeLessThan(1e-11 * Math.max(1, Math.abs(expected)));
  });
});

describe('fitParzen', () => {
  it.each(golden.parzen)('is as dense as in Optuna: $name', ({ space, observed, points, ...expected }) => {
    const columns = Object.entries(space).map(([name, parameter]) => ({
      parameter,
      positions: Float64Array.from(observed[name]!),
    }));
    const rows = columns[0]!.positions.length;
    // There a kernel is as wide among other parameters as alone.
    const estimator = fitParzen(columns, recencyWeights(rows), bandwidthOfOthers(rows, 1));
    expected.weights.forEach((weight, row) => expect(estimator.weights[row]).toBeCloseTo(weight, 14));
    const densities = logDensity(
      estimator,
      Object.keys(space).map((name) => Float64Array.from(points[name]!)),
    );
    expected.logDensity.forEach((value, point) => {
      expect(Math.abs(densities[point]! - value)).toBeLessThan(1e-9 * Math.max(1, Math.abs(value)));
    });
  });

  it('is by hand: one choice seen once in two has chance (1 + 1/2) / 2, the prior 1/2', () => {
    const column: Column = {
      parameter: { kind: 'categorical', choices: ['a', 'b'] },
      positions: Float64Array.of(0),
    };
    const densities = logDensity(fitParzen([column], [1], bandwidthOfOthers(1, 1)), [Float64Array.of(0, 1)]);
    expect(Math.exp(densities[0]!)).toBeCloseTo((0.75 + 0.5) / 2, 14);
    expect(Math.exp(densities[1]!)).toBeCloseTo((0.25 + 0.5) / 2, 14);
  });

  const domains: Record<string, Parameter> = {
    step: { kind: 'float', low: 0, high: 1, step: 0.125 },
    int: { kind: 'int', low: 3, high: 9 },
    'log int': { kind: 'int', low: 1, high: 20, log: true },
    choice: { kind: 'categorical', choices: ['a', 'b', 'c'] },
  };
  it.each(Object.entries(domains))(
    'gives all values of a domain together the chance 1: %s',
    (_, parameter) => {
      const all = {
        step: Array.from({ length: 9 }, (_, index) => index / 8),
        int: Array.from({ length: 7 }, (_, index) => index + 3),
        'log int': Array.from({ length: 20 }, (_, index) => index + 1),
        choice: [0, 1, 2],
      }[Object.keys(domains).find((name) => domains[name] === parameter)!]!;
      const column = { parameter, positions: Float64Array.of(all[0]!, all[2]!, all[2]!, all.at(-1)!) };
      const densities = logDensity(fitParzen([column], [1, 1, 1, 1], bandwidthOfOthers(4, 1)), [
        Float64Array.from(all),
      ]);
      expect(densities.reduce((sum, value) => sum + Math.exp(value), 0)).toBeCloseTo(1, 12);
    },
  );

  it('is by hand: sigma is the larger gap times the factor, within the least share and the range', () => {
    const column: Column = {
      parameter: { kind: 'float', low: 0, high: 10 },
      positions: Float64Array.of(1, 2, 8, 2.01),
    };
    const sigma = (factorOfGap: number, minShare: number): number[] => {
      const [part] = fitParzen([column], [1, 1, 1, 1], { factorOfGap, minShare }).parts;
      return part?.kind === 'normal' ? [...part.sigma].map((value) => Number(value.toFixed(12))) : [];
    };
    // Gaps: 1 at the lower end, 1, 5.99 at the upper end, 5.99; the last is the prior.
    expect(sigma(1, 0.01)).toEqual([1, 1, 5.99, 5.99, 10]);
    expect(sigma(0.5, 0.01)).toEqual([0.5, 0.5, 2.995, 2.995, 10]);
    expect(sigma(0.5, 0.2)).toEqual([2, 2, 2.995, 2.995, 10]);
    expect(sigma(4, 0.01)).toEqual([4, 4, 10, 10, 10]);
  });

  it('draws what it says: 40,000 draws in eight bins pass a chi-square test at 0.1 %', () => {
    const parameter: Parameter = { kind: 'float', low: -5, high: 10 };
    const estimator = fitParzen(
      [{ parameter, positions: Float64Array.of(-4, -3.5, 6) }],
      [1, 1, 1],
      bandwidthOfOthers(3, 1),
    );
    const draws = sampleParzen(estimator, 40_000, new SeededRandom(3))[0]!;
    const bins = 8;
    const seen = new Float64Array(bins);
    for (const draw of draws) seen[Math.min(bins - 1, Math.floor(((draw + 5) / 15) * bins))]! += 1;
    const fine = 400;
    let chiSquare = 0;
    for (let bin = 0; bin < bins; bin += 1) {
      const width = 15 / bins / fine;
      const points = Float64Array.from({ length: fine }, (_, part) => -5 + (bin * fine + part + 0.5) * width);
      const mass = logDensity(estimator, [points]).reduce((sum, value) => sum + Math.exp(value) * width, 0);
      chiSquare += (seen[bin]! - mass * 40_000) ** 2 / (mass * 40_000);
    }
    expect(chiSquare).toBeLessThan(24.32);
  });
});

describe('weights and gamma', () => {
  it.each(Object.entries(golden.weights))('weighs %s trials by recency as Optuna', (count, expected) => {
    const weights = recencyWeights(Number(count));
    expect(weights.length).toBe(expected.length);
    expected.forEach((weight, index) => expect(weights[index]).toBeCloseTo(weight, 14));
  });

  it('calls as many trials good as Optuna', () => {
    expect(golden.gamma.map((_, ended) => goodTrials(ended, 1))).toEqual(golden.gamma);
    expect(goodTrials(1000, 2)).toBe(100);
  });
});
