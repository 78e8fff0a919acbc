import { type AliasChanged, type PayloadOf, type TrafficShifted } from '@headrace/contracts';
import { type Share } from './choose-arm.js';

/** A version as an event names it, with everything that loading it takes. */
export interface DesiredShare extends Share {
  readonly digest: string;
  readonly artifactKey: string;
  readonly featureNames: readonly string[];
}

/** How the traffic of one model should be split, according to its newest event. */
export interface DesiredSplit {
  readonly modelName: string;
  readonly rolloutId: string | undefined;
  readonly shares: readonly DesiredShare[];
  /** The event that it comes from. */
  readonly causeId: string;
}

/** The newest alias and the newest traffic split of one model, each with the id of its event. */
export interface ModelRouting {
  readonly champion?: { readonly id: string; readonly payload: PayloadOf<typeof AliasChanged> };
  readonly shift?: { readonly id: string; readonly payload: PayloadOf<typeof TrafficShifted> };
}

/**
 * Decides which versions should answer for a model. The newer of alias and split wins: a rollout emits the whole split at
 * each step, and an alias that a person moves afterwards overrides it. At equal instants the split wins, which holds more.
 * Undefined: there is no champion.
 */
export function resolveDesiredSplit({ champion, shift }: ModelRouting): DesiredSplit | undefined {
  const shiftedAt = shift === undefined ? -Infinity : Date.parse(shift.payload.shiftedAt);
  const changedAt = champion === undefined ? -Infinity : Date.parse(champion.payload.changedAt);
  if (shift !== undefined && shiftedAt >= changedAt) {
    const { modelName, rolloutId, weights } = shift.payload;
    return { modelName, rolloutId: rolloutId ?? undefined, shares: weights, causeId: shift.id };
  }
  if (champion === undefined) return undefined;
  const { modelName, modelVersion, digest, artifactKey, featureNames, rolloutId } = champion.payload;
  if (modelVersion === null || digest === null || artifactKey === null) return undefined;
  return {
    modelName,
    rolloutId: rolloutId ?? undefined,
    shares: [{ modelVersion, arm: 'baseline', percent: 100, digest, artifactKey, featureNames }],
    causeId: champion.id,
  };
}

/**
 * The split that can be served when only some versions are loaded. The share of a missing version goes to the baseline,
 * also when the missing version is the canary. Undefined: the versions that should carry the traffic are missing, so the
 * current split stays.
 */
export function servableShares<Item extends Share>(
  shares: readonly Item[],
  isLoaded: (share: Item) => boolean,
): readonly Item[] | undefined {
  const loaded = shares.filter(isLoaded);
  const carried = loaded.reduce((sum, { percent }) => sum + percent, 0);
  if (loaded.length === shares.length && carried > 0) return loaded;
  const baseline = loaded.find(({ arm }) => arm === 'baseline');
  if (baseline === undefined) return undefined;
  const missing = 100 - carried;
  return loaded.map((share) => (share === baseline ? { ...share, percent: share.percent + missing } : share));
}
