import { describe, expect, it } from 'vitest';
import { servableShares, resolveDesiredSplit, type ModelRouting } from './resolve-desired-split.js';

const champion = (modelVersion: number | null, changedAt: string): NonNullable<ModelRouting['champion']> => ({
  id: `alias-${changedAt}`,
  payload: {
    modelName: 'm',
    alias: 'champion',
    modelVersion,
    previousVersion: null,
    digest: modelVersion === null ? null : `sha256:${modelVersion}`,
    artifactKey: modelVersion === null ? null : `models/${modelVersion}`,
    artifacts: {},
    featureNames: ['a'],
    reason: 'test',
    rolloutId: null,
    changedAt,
  },
});
const shift = (shiftedAt: string): NonNullable<ModelRouting['shift']> => ({
  id: `shift-${shiftedAt}`,
  payload: {
    modelName: 'm',
    rolloutId: 'r1',
    weights: [
      {
        modelVersion: 1,
        arm: 'baseline',
        percent: 95,
        digest: 'sha256:1',
        artifactKey: 'k1',
        featureNames: ['a'],
      },
      {
        modelVersion: 2,
        arm: 'canary',
        percent: 5,
        digest: 'sha256:2',
        artifactKey: 'k2',
        featureNames: ['a'],
      },
    ],
    shiftedAt,
    reason: 'test',
  },
});
const versions = (news: ModelRouting): readonly number[] | undefined =>
  resolveDesiredSplit(news)?.shares.map(({ modelVersion }) => modelVersion);

describe('wantedDivision', () => {
  it('is nothing before there is a champion, and after its alias was removed', () => {
    expect(resolveDesiredSplit({})).toBeUndefined();
    expect(resolveDesiredSplit({ champion: champion(null, '2026-11-23T10:00:00Z') })).toBeUndefined();
  });

  it('is the champion alone until a rollout divides', () => {
    expect(versions({ champion: champion(1, '2026-11-23T10:00:00Z') })).toEqual([1]);
  });

  it('is what was said last: the division of a rollout, or the alias that was moved after it', () => {
    const early = '2026-11-23T10:00:00Z';
    const late = '2026-11-23T10:05:00+00:00';
    expect(versions({ champion: champion(1, early), shift: shift(late) })).toEqual([1, 2]);
    expect(versions({ champion: champion(3, late), shift: shift(early) })).toEqual([3]);
    expect(versions({ champion: champion(3, late), shift: shift(late) })).toEqual([1, 2]);
  });
});

describe('servableShares', () => {
  const shares = [
    { modelVersion: 1, arm: 'baseline' as const, percent: 75 },
    { modelVersion: 2, arm: 'canary' as const, percent: 25 },
  ];
  const only =
    (...loaded: number[]) =>
    ({ modelVersion }: { modelVersion: number }): boolean =>
      loaded.includes(modelVersion);

  it('gives the share of a canary that could not be loaded to the baseline (kserve#5983)', () => {
    expect(servableShares(shares, only(1))).toEqual([{ modelVersion: 1, arm: 'baseline', percent: 100 }]);
  });

  it('is the whole division once everything is loaded', () => {
    expect(servableShares(shares, only(1, 2))).toEqual(shares);
  });

  it('keeps what serves now when the baseline is not there', () => {
    expect(servableShares(shares, only(2))).toBeUndefined();
    expect(servableShares(shares, only())).toBeUndefined();
  });
});
