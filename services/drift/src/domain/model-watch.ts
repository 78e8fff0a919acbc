import { type Evidence, isAtOrBefore, type LogPosition } from '@headrace/contracts';
import { type Verdict } from '@headrace/kernel';
import { type DriftPolicy } from './drift-policy.js';
import { DriftWindow, type DriftWindowState } from './drift-window.js';
import { type DriftJudgement, driftedShareCriterion } from './judge-drift.js';
import { deriveStage, type NewModelProgress, type NewModelStage } from './new-model-progress.js';
import { type ReferenceProfile } from './reference-profile.js';

export type DriftKind = 'feature' | 'prediction' | 'data-quality' | 'performance';

export interface StoredObjectName {
  readonly key: string;
  readonly digest: string;
}

/** The state of one model between two events; plain JSON, stored in the transaction that counts an event. */
export interface ModelWatch {
  readonly modelName: string;
  readonly champion:
    | { readonly version: number; readonly reference: StoredObjectName | undefined; readonly since: string }
    | undefined;
  /** When the window opened, even if there is no profile to count with. */
  readonly windowOpenedAt: string;
  readonly window: DriftWindowState | undefined;
  /** The last event counted of each partition. Whatever is delivered again lies at or before it. */
  readonly positions: Readonly<Record<string, { readonly offset: string; readonly index: number }>>;
  /** Degraded windows in a row by kind. */
  readonly streaks: Readonly<Record<DriftKind, number>>;
  /** The same by feature: an announced feature has drifted in every window of the streak, not by chance in the last one. */
  readonly featureStreaks: Readonly<Record<string, number>>;
  /** Kinds that were announced and have not recovered since. A shift is announced once. */
  readonly announced: readonly DriftKind[];
  /** Start of the first window of the streak that confirmed a shift, and what it was confirmed by. */
  readonly shift:
    { readonly since: string; readonly what: string; readonly evidence: readonly Evidence[] } | undefined;
  /** Start of the first degraded window of the current streak. */
  readonly degradedSince: string | undefined;
  readonly performance:
    | { readonly verdict: Verdict; readonly windowEnd: string; readonly evidence: readonly Evidence[] }
    | undefined;
  /** When the last performance window of a version closed. */
  readonly performanceClosedAt: Readonly<Record<string, string>>;
  /** Windows of readings in a row that failed, by suite. */
  readonly failedSuites: Readonly<Record<string, number>>;
  readonly requestedAt: readonly string[];
  /** Progress of the new model, whoever requested it. */
  readonly progress?: NewModelProgress | undefined;
}

const noStreaks = { feature: 0, prediction: 0, 'data-quality': 0, performance: 0 } as const;

export function newWatch(modelName: string, now: Date): ModelWatch {
  return {
    modelName,
    champion: undefined,
    windowOpenedAt: now.toISOString(),
    window: undefined,
    positions: {},
    streaks: noStreaks,
    featureStreaks: {},
    announced: [],
    shift: undefined,
    degradedSince: undefined,
    performance: undefined,
    performanceClosedAt: {},
    failedSuites: {},
    requestedAt: [],
  };
}

/**
 * Starts over with another champion: it has its own reference, so windows, streaks and shifts of its predecessor do not
 * apply to it. Positions stay because the log is the same. Requests and the progress of a new model stay because they
 * belong to the model, not to a version.
 */
export function switchChampion(
  watch: ModelWatch,
  champion: { readonly version: number; readonly reference: StoredObjectName | undefined } | undefined,
  now: Date,
): ModelWatch {
  return {
    ...newWatch(watch.modelName, now),
    champion: champion && { ...champion, since: now.toISOString() },
    positions: watch.positions,
    failedSuites: watch.failedSuites,
    requestedAt: watch.requestedAt,
    progress: watch.progress,
  };
}

export function deriveNewModelStage({ progress, requestedAt }: ModelWatch): NewModelStage {
  const last = requestedAt.at(-1);
  return deriveStage(progress ?? {}, last === undefined ? undefined : new Date(last));
}

/** Restores the open window, or opens one. */
export function openWindow(watch: ModelWatch, profile: ReferenceProfile): DriftWindow {
  return watch.window
    ? DriftWindow.restore(profile, watch.window)
    : DriftWindow.open(profile, new Date(watch.windowOpenedAt));
}

/** Whether the window is full or old enough to be closed. */
export function isDue(watch: ModelWatch, policy: DriftPolicy, now: Date): boolean {
  if ((watch.window?.rows ?? 0) >= policy.window.rows) return true;
  return now.getTime() - new Date(watch.windowOpenedAt).getTime() >= policy.window.seconds * 1000;
}

/**
 * Applies the judgement of a closed window: streaks grow or break, a shift is confirmed after enough windows in a row, and
 * each kind is announced once until it has recovered. An inconclusive window, or one without data, neither grows nor
 * breaks a streak.
 */
export function applyJudgement(
  watch: ModelWatch,
  judgement: DriftJudgement,
  policy: DriftPolicy,
  now: Date,
): {
  readonly watch: ModelWatch;
  readonly confirmed: readonly DriftKind[];
  readonly steadyFeatures: readonly string[];
} {
  const start = watch.window?.firstEvent ?? watch.windowOpenedAt;
  const shifted = judgement.evidence.find(({ criterion }) => criterion === driftedShareCriterion)?.verdict;
  const outcomes: readonly (readonly [DriftKind, boolean | undefined])[] = [
    ['feature', shifted === 'degraded' ? true : shifted === 'healthy' ? false : undefined],
    ['prediction', judgement.prediction.drifted],
    [
      'data-quality',
      judgement.incompleteFeatures.length > 0 ? true : judgement.verdict === 'healthy' ? false : undefined,
    ],
  ];
  const streaks: Record<DriftKind, number> = { ...watch.streaks };
  for (const [kind, degraded] of outcomes) {
    if (degraded !== undefined) streaks[kind] = degraded ? streaks[kind] + 1 : 0;
  }
  const featureStreaks =
    shifted === 'degraded' || shifted === 'healthy'
      ? Object.fromEntries(
          judgement.driftedFeatures.map((feature) => [feature, (watch.featureStreaks[feature] ?? 0) + 1]),
        )
      : watch.featureStreaks;
  const steady = judgement.driftedFeatures.filter(
    (feature) => (featureStreaks[feature] ?? 0) >= policy.windowsInARow,
  );
  const steadyFeatures = steady.length > 0 ? steady : judgement.driftedFeatures;
  const moving = streaks.feature > 0 || streaks.prediction > 0;
  const degradedSince = moving ? (watch.degradedSince ?? start) : undefined;
  const isConfirmed = (kind: DriftKind): boolean => streaks[kind] >= policy.windowsInARow;
  const kinds = outcomes.map(([kind]) => kind);
  const confirmed = kinds.filter((kind) => isConfirmed(kind) && !watch.announced.includes(kind));
  const what = [
    ...(isConfirmed('feature') ? steadyFeatures : []),
    ...(isConfirmed('prediction') ? ['the prediction'] : []),
  ];
  return {
    confirmed,
    steadyFeatures,
    watch: {
      ...watch,
      windowOpenedAt: now.toISOString(),
      window: undefined,
      streaks,
      featureStreaks,
      announced: [...watch.announced.filter((kind) => streaks[kind] > 0), ...confirmed],
      degradedSince,
      shift:
        what.length > 0
          ? { since: degradedSince ?? start, what: summarizeNames(what), evidence: judgement.evidence }
          : moving
            ? watch.shift
            : undefined,
    },
  };
}

function summarizeNames(names: readonly string[]): string {
  return names.length <= 3
    ? names.join(', ')
    : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`;
}

/** Whether the event at this position is counted already. */
export function isCounted(watch: ModelWatch, position: LogPosition): boolean {
  const last = watch.positions[partitionKey(position)];
  return last !== undefined && isAtOrBefore(position, { offset: BigInt(last.offset), index: last.index });
}

/** Marks everything up to this position of its partition as counted. */
export function advancePositions(
  watch: ModelWatch,
  position: LogPosition | undefined,
): ModelWatch['positions'] {
  if (!position || isCounted(watch, position)) return watch.positions;
  return {
    ...watch.positions,
    [partitionKey(position)]: { offset: position.offset.toString(), index: position.index },
  };
}

const partitionKey = ({ topic, partition }: LogPosition): string => `${topic}/${partition}`;
