import { type Random } from '@headrace/kernel';
import { advance, startRollout, versionLoaded } from './advance-delivery.js';
import { newDelivery, type Change, type Delivery } from './delivery.js';
import { type ValueSums } from './value-sums.js';
import { percentOf, type Rollout, type Version } from './rollout.js';
import { type NamedPolicy, type RolloutPolicy } from './rollout-policy.js';
import { latencyBucket, type Arm, type ArmStatistics, type StepStatistics } from './step-statistics.js';

/** How one arm behaves, in truth. */
export interface TrueArm {
  /** Share of the predictions that fail. */
  readonly errorRate: number;
  /** Median; latencies are log-normal with a sigma of 0.5, so p99 is 3.2 times as large. */
  readonly latencyMs: number;
  /** Share of the incidents that it predicts, and of the quiet rows that it takes for one. */
  readonly recall: number;
  readonly falseAlarmRate: number;
}

/** The traffic that a rollout meets. */
export interface SimulatedWorld {
  /** Predictions of the canary in `stepSeconds`, at any share of the traffic. */
  readonly canaryPerStep: number;
  readonly incidentRate: number;
  readonly baseline: TrueArm;
  readonly canary: TrueArm;
}

export interface SimulatedEnd {
  readonly outcome: 'promoted' | 'rolled-back' | 'paused';
  readonly reason: string;
  /** Criteria that were degraded when it ended. */
  readonly harm: readonly string[];
  /** Predictions that the canary had answered by then, over all steps. */
  readonly canaryPredictions: number;
  readonly percent: number;
  readonly seconds: number;
}

export const lookEverySeconds = 60;
/** Rows of both arms with an outcome in one look; more would only make the simulation slower. */
const mostOutcomesPerLook = 500;

/**
 * Takes a version through a whole rollout under a policy, in a world whose truth is known: the same states, judgements
 * and deadlines as in production, with a clock and a traffic of its own. Whether the end was right shows how often the
 * policy errs, and how many predictions it takes to see harm. The same seed gives the same end.
 */
export function simulateRollout(policy: RolloutPolicy, world: SimulatedWorld, random: Random): SimulatedEnd {
  const began = Date.UTC(2026, 0, 1);
  const at = (seconds: number): Date => new Date(began + seconds * 1_000);
  const named: NamedPolicy = { policy, version: `${policy.name}@simulated` };
  const started = startRollout({ ...newDelivery('simulated'), stable: version(1) }, version(2), named, {
    now: at(0),
    reason: 'simulated',
  });
  let { delivery }: { readonly delivery: Delivery } = versionLoaded(started.delivery, 2, {
    now: at(0),
    reason: 'simulated',
  });
  let canaryPredictions = 0;
  for (let seconds = lookEverySeconds; ; seconds += lookEverySeconds) {
    const rollout = delivery.active;
    if (rollout === undefined) throw new Error('A simulated rollout ended without an end');
    const percent = percentOf(rollout);
    const before = rollout.statistics.canary.predictions;
    const statistics = addTraffic(rollout.statistics, world, percent, policy, random);
    canaryPredictions += statistics.canary.predictions - before;
    const change: Change = advance({ ...delivery, active: { ...rollout, statistics } }, at(seconds));
    delivery = change.delivery;
    const over = delivery.ended.at(-1) ?? (delivery.active?.state === 'paused' ? delivery.active : undefined);
    if (over !== undefined) return endOf(over, { canaryPredictions, percent, seconds });
  }
}

function endOf(
  over: Rollout,
  reached: Pick<SimulatedEnd, 'canaryPredictions' | 'percent' | 'seconds'>,
): SimulatedEnd {
  const evidence = over.decisions.at(-1)?.evidence ?? [];
  return {
    outcome: over.state === 'promoted' ? 'promoted' : over.state === 'paused' ? 'paused' : 'rolled-back',
    reason: over.reason,
    harm: evidence.filter(({ verdict }) => verdict === 'degraded').map(({ criterion }) => criterion),
    ...reached,
  };
}

/** What both arms do until the next look, as it would have been counted from the facts. */
export function addTraffic(
  statistics: StepStatistics,
  world: SimulatedWorld,
  percent: number,
  { stepSeconds, outcomes: { costs } }: RolloutPolicy,
  random: Random,
): StepStatistics {
  const expected = (world.canaryPerStep * lookEverySeconds) / stepSeconds;
  const arm = (name: Arm, mean: number): ArmStatistics =>
    addPredictions(statistics[name], world[name], poisson(mean, random), random);
  const canary = arm('canary', expected);
  const baseline = arm('baseline', (expected * (100 - percent)) / percent);
  const rows = Math.min(
    mostOutcomesPerLook,
    canary.predictions +
      baseline.predictions -
      statistics.canary.predictions -
      statistics.baseline.predictions,
  );
  let { canaryCorrect, baselineCorrect } = statistics.outcomes;
  const [brier, missed, cost] = [
    { ...statistics.outcomes.brier },
    { ...statistics.outcomes.missed },
    { ...statistics.outcomes.cost },
  ];
  let disagreements = 0;
  for (let row = 0; row < rows; row += 1) {
    const happened = random.next() < world.incidentRate;
    const says = ({ recall, falseAlarmRate }: TrueArm): boolean =>
      random.next() < (happened ? recall : falseAlarmRate);
    const [before, after] = [says(world.baseline), says(world.canary)];
    const right = (said: boolean): number => (said === happened ? 1 : 0);
    const priceOf = (said: boolean): number =>
      said === happened ? 0 : happened ? costs.falseNegative : costs.falsePositive;
    if (before !== after) disagreements += 1;
    canaryCorrect += right(after);
    baselineCorrect += right(before);
    // Probabilities of 0.9 and 0.1.
    add(brier, (right(before) - right(after)) * (0.81 - 0.01));
    if (happened) add(missed, right(before) - right(after));
    add(cost, priceOf(after) - priceOf(before));
  }
  return {
    ...statistics,
    canary,
    baseline,
    paired: {
      rows: statistics.paired.rows + rows,
      disagreements: statistics.paired.disagreements + disagreements,
    },
    outcomes: {
      rows: statistics.outcomes.rows + rows,
      canaryCorrect,
      baselineCorrect,
      brier,
      missed,
      cost,
    },
  };
}

/** In place: a new object for each row would be most of the work. */
function add(sums: { -readonly [Field in keyof ValueSums]: ValueSums[Field] }, value: number): void {
  sums.rows += 1;
  sums.sum += value;
  sums.squares += value * value;
}

function addPredictions(
  before: ArmStatistics,
  { errorRate, latencyMs }: TrueArm,
  count: number,
  random: Random,
): ArmStatistics {
  const latencies = { ...before.latencies };
  let { errors } = before;
  for (let row = 0; row < count; row += 1) {
    if (random.next() < errorRate) errors += 1;
    const bucket = String(latencyBucket(latencyMs * Math.exp(0.5 * random.normal())));
    latencies[bucket] = (latencies[bucket] ?? 0) + 1;
  }
  return { predictions: before.predictions + count, errors, latencies, systems: undefined };
}

/** Knuth's product of uniforms; by the normal approximation beyond a mean of 50. */
function poisson(mean: number, random: Random): number {
  if (mean > 50) return Math.max(0, Math.round(mean + Math.sqrt(mean) * random.normal()));
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random.next(); product > limit; product *= random.next()) count += 1;
  return count;
}

function version(modelVersion: number): Version {
  return { modelVersion, digest: '', artifactKey: '', featureNames: [], validated: true };
}
