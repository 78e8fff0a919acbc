import { type Declared, type Random } from '@headrace/kernel';
import { advanceDelivery, startRollout, recordLoaded } from './advance-delivery.js';
import { newDelivery, type Change, type Delivery } from './delivery.js';
import { type ValueSums } from '../evidence/value-sums.js';
import { percentOf, type Rollout, type Version } from './rollout.js';
import { type RolloutPolicy } from '../policy/rollout-policy.js';
import { latencyBucket, type ArmStatistics, type StepStatistics } from '../evidence/step-statistics.js';

/** The true behaviour of one arm. */
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

const lookEverySeconds = 60;
/** In a long step looks are this share of it apart: what one look adds is then small beside what is known. */
const minNewShare = 0.02;
/** Rows of both arms with an outcome in a minute; more would only make the simulation slower. */
const maxOutcomesPerMinute = 500;

/**
 * Takes a version through a whole rollout under a policy, in a world whose truth is known: the same states, judgements
 * and deadlines as in production, with a clock and a traffic of its own. Whether the end was right shows how often the
 * policy errs, and how many predictions it takes to see harm. The same seed gives the same end.
 */
export function simulateRollout(policy: RolloutPolicy, world: SimulatedWorld, random: Random): SimulatedEnd {
  const began = Date.UTC(2026, 0, 1);
  const at = (seconds: number): Date => new Date(began + seconds * 1_000);
  const declared: Declared<RolloutPolicy> = {
    name: policy.name,
    version: 'simulated',
    digest: '',
    value: policy,
  };
  const started = startRollout({ ...newDelivery('simulated'), stable: version(1) }, version(2), declared, {
    now: at(0),
    reason: 'simulated',
  });
  let { delivery }: { readonly delivery: Delivery } = recordLoaded(started.delivery, 2, {
    now: at(0),
    reason: 'simulated',
  });
  let canaryPredictions = 0;
  for (let seconds = 0; ;) {
    const rollout = delivery.active;
    if (rollout === undefined) throw new Error('A simulated rollout has ended without a result');
    const inStep = seconds - (new Date(rollout.stepStartedAt).getTime() - began) / 1_000;
    const durationSeconds =
      lookEverySeconds * Math.max(1, Math.floor((minNewShare * inStep) / lookEverySeconds));
    seconds += durationSeconds;
    const percent = percentOf(rollout);
    const before = rollout.statistics.canary.predictions;
    const statistics = addTraffic(
      rollout.statistics,
      world,
      { percent, seconds: durationSeconds },
      policy,
      random,
    );
    canaryPredictions += statistics.canary.predictions - before;
    const change: Change = advanceDelivery({ ...delivery, active: { ...rollout, statistics } }, at(seconds));
    delivery = change.delivery;
    const over = delivery.ended.at(-1) ?? (delivery.active?.state === 'paused' ? delivery.active : undefined);
    if (over !== undefined) return toSimulatedEnd(over, { canaryPredictions, percent, seconds });
  }
}

function toSimulatedEnd(
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

/** Adds what both arms do in `seconds` at a split of the traffic, as it would be counted from their events. */
export function addTraffic(
  statistics: StepStatistics,
  world: SimulatedWorld,
  { percent, seconds }: { readonly percent: number; readonly seconds: number },
  { stepSeconds, outcomes: { costs } }: RolloutPolicy,
  random: Random,
): StepStatistics {
  const expected = (world.canaryPerStep * seconds) / stepSeconds;
  const ofCanary = drawPoisson(expected, random);
  const ofBaseline = drawPoisson((expected * (100 - percent)) / percent, random);
  const canary = addLatencies(
    addPredictions(statistics.canary, world.canary, ofCanary, random),
    world.canary,
    ofCanary,
    random,
  );
  // Without latencies: nothing judges those of the baseline, and they would be most of the work.
  const baseline = addPredictions(statistics.baseline, world.baseline, ofBaseline, random);
  const rows = Math.min((maxOutcomesPerMinute * seconds) / 60, ofCanary + ofBaseline);
  const outcomes = { ...statistics.outcomes };
  const [brier, missed, cost] = [{ ...outcomes.brier }, { ...outcomes.missed }, { ...outcomes.cost }];
  let disagreements = 0;
  for (const { happened, before, after, count } of drawRows(world, rows, random)) {
    const right = (said: boolean): number => (said === happened ? 1 : 0);
    const priceOf = (said: boolean): number =>
      said === happened ? 0 : happened ? costs.falseNegative : costs.falsePositive;
    if (before !== after) disagreements += count;
    outcomes.canaryCorrect += right(after) * count;
    outcomes.baselineCorrect += right(before) * count;
    // Probabilities of 0.9 and 0.1.
    addRows(brier, (right(before) - right(after)) * (0.81 - 0.01), count);
    if (happened) addRows(missed, right(before) - right(after), count);
    addRows(cost, priceOf(after) - priceOf(before), count);
  }
  return {
    ...statistics,
    canary,
    baseline,
    paired: {
      rows: statistics.paired.rows + rows,
      disagreements: statistics.paired.disagreements + disagreements,
    },
    outcomes: { ...outcomes, rows: outcomes.rows + rows, brier, missed, cost },
  };
}

/** Rows with the same outcome and the same prediction of either arm. */
interface RowGroup {
  readonly happened: boolean;
  readonly before: boolean;
  readonly after: boolean;
  readonly count: number;
}

/**
 * Draws how many of the rows are of each kind. It draws the gaps between rows that are not quiet to both arms, because
 * nearly all rows are and need no draw.
 */
function drawRows(
  { incidentRate, baseline, canary }: SimulatedWorld,
  rows: number,
  random: Random,
): readonly RowGroup[] {
  const alarm = ({ recall, falseAlarmRate }: TrueArm, happened: boolean): number =>
    happened ? recall : falseAlarmRate;
  const kinds = [false, true].flatMap((happened) =>
    [false, true].flatMap((before) =>
      [false, true].map((after) => ({
        happened,
        before,
        after,
        count: 0,
        share:
          (happened ? incidentRate : 1 - incidentRate) *
          (before ? alarm(baseline, happened) : 1 - alarm(baseline, happened)) *
          (after ? alarm(canary, happened) : 1 - alarm(canary, happened)),
      })),
    ),
  );
  const [quiet, ...others] = kinds;
  if (quiet === undefined) return [];
  quiet.count = rows;
  const loud = 1 - quiet.share;
  for (let row = drawGap(loud, random); row <= rows; row += drawGap(loud, random)) {
    let left = random.next() * loud;
    const kind = others.find(({ share }) => (left -= share) < 0) ?? others[0];
    if (kind === undefined) break;
    kind.count += 1;
    quiet.count -= 1;
  }
  return kinds;
}

function addRows(
  sums: { -readonly [Field in keyof ValueSums]: ValueSums[Field] },
  value: number,
  rows: number,
): void {
  sums.rows += rows;
  sums.sum += rows * value;
  sums.squares += rows * value * value;
}

function addPredictions(
  before: ArmStatistics,
  { errorRate }: TrueArm,
  count: number,
  random: Random,
): ArmStatistics {
  let { errors } = before;
  // From one error to the next, so that it takes a draw for each error and not for each prediction.
  for (let row = drawGap(errorRate, random); row <= count; row += drawGap(errorRate, random)) errors += 1;
  return { ...before, predictions: before.predictions + count, errors, systems: undefined };
}

function addLatencies(
  arm: ArmStatistics,
  { latencyMs }: TrueArm,
  count: number,
  random: Random,
): ArmStatistics {
  const latencies = { ...arm.latencies };
  for (let row = 0; row < count; row += 1) {
    const bucket = String(latencyBucket(latencyMs * Math.exp(0.5 * random.normal())));
    latencies[bucket] = (latencies[bucket] ?? 0) + 1;
  }
  return { ...arm, latencies };
}

/** Trials up to and including the next success: geometric, by inversion. */
function drawGap(rate: number, random: Random): number {
  return 1 + Math.floor(Math.log1p(-random.next()) / Math.log1p(-rate));
}

/** Knuth's product of uniforms; by the normal approximation beyond a mean of 50. */
function drawPoisson(mean: number, random: Random): number {
  if (mean > 50) return Math.max(0, Math.round(mean + Math.sqrt(mean) * random.normal()));
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random.next(); product > limit; product *= random.next()) count += 1;
  return count;
}

function version(modelVersion: number): Version {
  return { modelVersion, digest: '', artifactKey: '', featureNames: [], validated: true };
}
