import { describe, expect, it } from 'vitest';
import { timeFeature, timeFeatureNames } from './time-features.js';

const calendar = (instant: string): readonly number[] =>
  timeFeatureNames.map((name) => timeFeature(name, Date.parse(instant)));

describe('time features', () => {
  it.each([
    ['2026-11-23T09:00:00Z', [9, 0, 0, 1], 'a Monday at nine'],
    ['2026-11-23T08:59:59.999Z', [8, 0, 0, 0], 'just before business hours'],
    ['2026-11-23T17:59:59Z', [17, 0, 0, 1], 'the seventeenth hour counts, as in pandas between(9, 17)'],
    ['2026-11-23T18:00:00Z', [18, 0, 0, 0], 'after business hours'],
    ['2026-11-28T12:00:00Z', [12, 5, 1, 1], 'a Saturday'],
    ['2026-11-29T23:30:00Z', [23, 6, 1, 0], 'a Sunday'],
    ['2026-11-30T00:30:00+02:00', [22, 6, 1, 0], 'in UTC, wherever it was measured'],
    ['1969-12-31T23:00:00Z', [23, 2, 0, 0], 'before the epoch: a Wednesday'],
  ])('of %s are %j: %s', (instant, expected) => {
    expect(calendar(instant)).toEqual(expected);
  });
});
