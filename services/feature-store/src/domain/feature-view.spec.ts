import { describe, expect, it } from 'vitest';
import { FeatureView, featureViewSchema } from './feature-view.js';
import { EntityWindows } from './windows/entity-windows.js';

const declaration = {
  name: 'system_metrics',
  version: 1,
  owner: 'test',
  entity: 'system_id',
  ttlSeconds: 900,
  timeFeatures: ['hour'],
  columns: ['cpu_usage'],
  windowMinutes: [5],
};

function problems(changes: object): readonly string[] {
  const { error } = featureViewSchema.safeParse({ ...declaration, ...changes });
  return error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];
}

describe('a feature view', () => {
  it('computes derived features last, each from those before it', () => {
    const view = new FeatureView(
      featureViewSchema.parse({
        ...declaration,
        statistics: ['mean', 'std'],
        derived: [
          { name: 'above_mean', expression: 'cpu_usage - cpu_usage_mean_5m' },
          { name: 'is_high', expression: 'above_mean >= 2 and hour = 12' },
          { name: 'z', expression: 'above_mean / cpu_usage_std_5m' },
        ],
      }),
    );
    expect(view.featureNames).toEqual([
      ...['hour', 'cpu_usage', 'cpu_usage_mean_5m', 'cpu_usage_std_5m', 'above_mean', 'is_high', 'z'],
    ]);
    const windows = new EntityWindows(view.layout);
    const noon = Date.UTC(2026, 10, 23, 12);
    windows.accept(noon, noon, Number.NaN, Float64Array.of(10));
    const first = view.compute(windows, noon, Float64Array.of(10));
    // One sample has no deviation, so there is no z either.
    expect([...first.subarray(4)]).toEqual([0, 0, Number.NaN]);
    expect(view.toRecord(first)['z']).toBeNull();
    windows.accept(noon + 1_000, noon, Number.NaN, Float64Array.of(14));
    const second = view.compute(windows, noon + 1_000, Float64Array.of(14));
    // mean 12, deviation sqrt(8)
    expect([...second.subarray(4)]).toEqual([2, 1, expect.closeTo(2 / Math.sqrt(8), 12)]);
  });

  it('is rejected for a wrong expression, with its place', () => {
    expect(problems({ derived: [{ name: 'x', expression: 'cpu_usage +' }] })).toEqual([
      'derived.0.expression: Expected a value, found the end, at character 12 of "cpu_usage +"',
    ]);
    expect(
      problems({
        derived: [
          { name: 'x', expression: 'y' },
          { name: 'y', expression: '1' },
        ],
      })[0],
    ).toMatch(/^derived\.0\.expression: There is no "y"; there are: hour, cpu_usage, cpu_usage_mean_5m, /);
    expect(problems({ derived: [{ name: 'hour', expression: '1' }] })).toEqual([
      'derived.0.name: "hour" is already a feature',
    ]);
  });

  it('is rejected for a statistic that is unknown or named twice', () => {
    expect(problems({ statistics: ['median'] })).toEqual([
      'statistics.0: must be one of count, sum, mean, std, min, max, first, last, slope, ewma, or a quantile p01 to p99',
    ]);
    expect(problems({ statistics: ['p50', 'p50'] })).toEqual(['statistics: must not name a statistic twice']);
  });
});
