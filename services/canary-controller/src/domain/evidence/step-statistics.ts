import { addValue, noValues, type ValueSums } from './value-sums.js';

export type Arm = 'baseline' | 'canary';

/** What one arm did during a step. */
export interface ArmStatistics {
  readonly predictions: number;
  readonly errors: number;
  /** Predictions by latency: bucket i holds those up to `latencyBound(i)`. */
  readonly latencies: Readonly<Record<string, number>>;
  /** Distinct systems; undefined beyond `maxSystems`, and once a request names no system. */
  readonly systems: readonly string[] | undefined;
}

/** Predictions of both arms on the same rows over the whole rollout, whatever the split of the traffic. */
export interface PairedStatistics {
  readonly rows: number;
  readonly disagreements: number;
}

/** Both arms against the outcomes of the same rows. Differences are canary minus baseline; positive is worse. */
export interface OutcomeStatistics {
  readonly rows: number;
  readonly canaryCorrect: number;
  readonly baselineCorrect: number;
  readonly brier: ValueSums;
  /** Over the rows with an incident: 1 when only the baseline saw it, -1 when only the canary did. */
  readonly missed: ValueSums;
  readonly cost: ValueSums;
}

/** How far the canary's predictions lie from those on its training data, in one window that `drift` has closed. */
export interface DriftWindow {
  readonly driftId: string;
  readonly rows: number;
  /** Population stability index; undefined when the window had nothing to compare. */
  readonly psi: number | undefined;
  /** Of "no difference at all"; undefined when it could not be tested. */
  readonly pValue: number | undefined;
}

export interface StepStatistics {
  readonly baseline: ArmStatistics;
  readonly canary: ArmStatistics;
  /** The canary in the steps before. Absent in rollouts that were stored before it was counted. */
  readonly canaryBefore?: ArmStatistics;
  readonly paired: PairedStatistics;
  readonly outcomes: OutcomeStatistics;
  /** In order, of the whole rollout. Absent in rollouts that were stored before it was counted. */
  readonly drift?: readonly DriftWindow[];
}

const noArm: ArmStatistics = { predictions: 0, errors: 0, latencies: {}, systems: [] };

export const noStatistics: StepStatistics = {
  baseline: noArm,
  canary: noArm,
  paired: { rows: 0, disagreements: 0 },
  outcomes: {
    rows: 0,
    canaryCorrect: 0,
    baselineCorrect: 0,
    brier: noValues,
    missed: noValues,
    cost: noValues,
  },
  drift: [],
};

/**
 * A new step counts its traffic anew, so that harm which comes with the load is not diluted by the quiet steps before;
 * those are kept beside it. Paired and outcome statistics continue.
 */
export function nextStep(statistics: StepStatistics): StepStatistics {
  return { ...statistics, canaryBefore: canarySoFar(statistics), baseline: noArm, canary: noArm };
}

/** The canary in all steps, this one included. */
export function canarySoFar({ canary, canaryBefore = noArm }: StepStatistics): ArmStatistics {
  const latencies = { ...canaryBefore.latencies };
  for (const [bucket, count] of Object.entries(canary.latencies)) {
    latencies[bucket] = (latencies[bucket] ?? 0) + count;
  }
  return {
    predictions: canaryBefore.predictions + canary.predictions,
    errors: canaryBefore.errors + canary.errors,
    latencies,
    // Systems change their arm with the split, so they have no meaning across steps.
    systems: undefined,
  };
}

const maxSystems = 500;
const minLatencyMs = 0.05;
const latencyRatio = 1.1;

/** The bucket of a latency: bounds grow by 10 %, so a quantile is known to 10 %. */
export function latencyBucket(latencyMs: number): number {
  return latencyMs <= minLatencyMs
    ? 0
    : Math.ceil(Math.log(latencyMs / minLatencyMs) / Math.log(latencyRatio));
}

export function latencyBound(bucket: number): number {
  return minLatencyMs * latencyRatio ** bucket;
}

export interface CountedPrediction {
  readonly arm: Arm;
  readonly failed: boolean;
  readonly latencyMs: number;
  readonly systemId: string | undefined;
}

export function countPrediction(statistics: StepStatistics, prediction: CountedPrediction): StepStatistics {
  const { arm, failed, latencyMs, systemId } = prediction;
  const before = statistics[arm];
  const bucket = String(latencyBucket(latencyMs));
  const after: ArmStatistics = {
    predictions: before.predictions + 1,
    errors: before.errors + (failed ? 1 : 0),
    latencies: { ...before.latencies, [bucket]: (before.latencies[bucket] ?? 0) + 1 },
    systems: addSystem(before.systems, systemId),
  };
  return { ...statistics, [arm]: after };
}

function addSystem(
  systems: readonly string[] | undefined,
  systemId: string | undefined,
): readonly string[] | undefined {
  // A request without a system has no rate of its own; from there on only the shares are compared.
  if (systems === undefined || systemId === undefined) return undefined;
  if (systems.includes(systemId)) return systems;
  return systems.length < maxSystems ? [...systems, systemId] : undefined;
}

const maxDriftWindows = 200;

/** A window counts once, however often it is delivered. */
export function countDrift(statistics: StepStatistics, window: DriftWindow): StepStatistics {
  const before = statistics.drift ?? [];
  if (before.some(({ driftId }) => driftId === window.driftId)) return statistics;
  return { ...statistics, drift: [...before, window].slice(-maxDriftWindows) };
}

export function countPair(
  statistics: StepStatistics,
  scores: { readonly baseline: number; readonly canary: number },
  threshold: number,
): StepStatistics {
  const differ = scores.baseline >= threshold !== scores.canary >= threshold;
  const { rows, disagreements } = statistics.paired;
  return { ...statistics, paired: { rows: rows + 1, disagreements: disagreements + (differ ? 1 : 0) } };
}

export interface ScoredOutcome {
  readonly baseline: number;
  readonly canary: number;
  readonly happened: boolean;
}

export function countOutcome(
  statistics: StepStatistics,
  { baseline, canary, happened }: ScoredOutcome,
  threshold: number,
  costs: { readonly falsePositive: number; readonly falseNegative: number },
): StepStatistics {
  const truth = happened ? 1 : 0;
  const before = statistics.outcomes;
  const costOf = (score: number): number => {
    if (score >= threshold) return happened ? 0 : costs.falsePositive;
    return happened ? costs.falseNegative : 0;
  };
  const correct = (score: number): number => (score >= threshold === happened ? 1 : 0);
  const outcomes: OutcomeStatistics = {
    rows: before.rows + 1,
    canaryCorrect: before.canaryCorrect + correct(canary),
    baselineCorrect: before.baselineCorrect + correct(baseline),
    brier: addValue(before.brier, (canary - truth) ** 2 - (baseline - truth) ** 2),
    missed: happened ? addValue(before.missed, correct(baseline) - correct(canary)) : before.missed,
    cost: addValue(before.cost, costOf(canary) - costOf(baseline)),
  };
  return { ...statistics, outcomes };
}
