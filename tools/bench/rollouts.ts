import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolloutPolicy, type RolloutPolicy } from '@headrace/canary-controller/rollout-policy';
import {
  addTraffic,
  simulateRollout,
  type SimulatedWorld,
  type TrueArm,
} from '@headrace/canary-controller/simulate-rollout';
import { SeededRandom, type Random } from '@headrace/kernel';
import { parseDeclaration } from '@headrace/service-host';
import { type BenchResult, median } from './bench-result.js';

const healthyArm: TrueArm = { errorRate: 0.002, latencyMs: 10, recall: 0.95, falseAlarmRate: 0.02 };
const base: SimulatedWorld = {
  canaryPerStep: 500,
  incidentRate: 0.05,
  baseline: healthyArm,
  canary: healthyArm,
};
const rare: SimulatedWorld = { ...base, incidentRate: 0.01 };
const canary = (changed: Partial<TrueArm>, world = base): SimulatedWorld => ({
  ...world,
  canary: { ...healthyArm, ...changed },
});

/** A world and the number of rollouts to simulate in it: fewer where a rollout takes long. */
interface Trial {
  readonly name: string;
  readonly world: SimulatedWorld;
  readonly rollouts: number;
}

/** Worlds with a version as good as the champion: rolling it back is wrong. */
const equal: readonly Trial[] = [
  { name: 'A/A, 20 predictions a step', world: { ...base, canaryPerStep: 20 }, rollouts: 200 },
  { name: 'A/A, 500 predictions a step', world: base, rollouts: 200 },
  { name: 'A/A, 0.5 % of errors, 500 a step', world: buildErring(0.005, 0.005), rollouts: 200 },
  { name: 'A/A, incidents in 1 % of the rows, 500 a step', world: rare, rollouts: 200 },
];
/** Worlds with a worse version: promoting it is wrong. */
const worse: readonly Trial[] = [
  { name: 'errors doubled, 0.5 % to 1 %', world: buildErring(0.005, 0.01), rollouts: 200 },
  { name: 'errors doubled, 1 % to 2 %', world: buildErring(0.01, 0.02), rollouts: 500 },
  {
    name: 'errors doubled, 1 % to 2 %, 20 a step',
    world: { ...buildErring(0.01, 0.02), canaryPerStep: 20 },
    rollouts: 200,
  },
  { name: 'p99 of 130 ms', world: canary({ latencyMs: 41 }), rollouts: 1_000 },
  // Exactly the tolerance: neither harm nor health can be proved, and the deadline ends the rollout.
  { name: 'recall 0.95 to 0.85, equal latency', world: canary({ recall: 0.85 }), rollouts: 50 },
  { name: 'recall 0.95 to 0.75, equal latency', world: canary({ recall: 0.75 }), rollouts: 1_000 },
  { name: 'recall 0.95 to 0.50, equal latency', world: canary({ recall: 0.5 }), rollouts: 1_000 },
  {
    name: 'recall 0.95 to 0.75, incidents in 1 % of the rows',
    world: canary({ recall: 0.75 }, rare),
    rollouts: 500,
  },
  // 0.05 * 0.95 right alarms for 0.95 * 0.02 false ones are a precision of 0.71; four and a half times as many, of 0.36.
  { name: 'precision halved, 0.71 to 0.36', world: canary({ falseAlarmRate: 0.09 }), rollouts: 1_000 },
  { name: 'no traffic at all', world: { ...base, canaryPerStep: 0 }, rollouts: 20 },
];

function buildErring(before: number, after: number): SimulatedWorld {
  return {
    ...base,
    baseline: { ...healthyArm, errorRate: before },
    canary: { ...healthyArm, errorRate: after },
  };
}

/**
 * The error rate of a policy in simulated worlds: the shipped policy in the real state machine, against a judge that compares
 * with fixed thresholds once per step, both on the same kind of traffic and the same seeds.
 */
export function benchRollouts(): BenchResult[] {
  const policy = loadShippedPolicy();
  const results: BenchResult[] = [];
  for (const { name, world, rollouts } of equal) {
    const ends = makeSeeds(rollouts).map((seed) => simulateRollout(policy, world, new SeededRandom(seed)));
    const naive = makeSeeds(rollouts).map((seed) => judgeOnce(policy, world, new SeededRandom(seed)));
    results.push(
      countWrong(
        `false rollbacks: ${name}`,
        ends.map(({ outcome }) => outcome !== 'promoted'),
        naive.map((promoted) => !promoted),
      ),
      {
        name: `predictions to promote: ${name}`,
        value: median(ends.map((end) => end.canaryPredictions)),
        unit: 'predictions (median)',
        better: 'lower',
      },
    );
  }
  for (const { name, world, rollouts } of worse) {
    const ends = makeSeeds(rollouts).map((seed) => simulateRollout(policy, world, new SeededRandom(seed)));
    const naive = makeSeeds(rollouts).map((seed) => judgeOnce(policy, world, new SeededRandom(seed)));
    results.push(
      countWrong(
        `false promotions: ${name}`,
        ends.map(({ outcome }) => outcome === 'promoted'),
        naive,
      ),
      {
        name: `predictions to detect: ${name}`,
        value: median(ends.map((end) => end.canaryPredictions)),
        unit: `predictions (median), at ${median(ends.map(({ percent }) => percent))} %`,
        better: 'lower',
      },
    );
  }
  return results;
}

function makeSeeds(rollouts: number): readonly number[] {
  return Array.from({ length: rollouts }, (_, seed) => seed);
}

function countWrong(name: string, ours: readonly boolean[], naive: readonly boolean[]): BenchResult {
  const percentOf = (judged: readonly boolean[]): number =>
    (100 * judged.filter((isWrong) => isWrong).length) / judged.length;
  return {
    name,
    value: percentOf(ours),
    unit: `% of ${ours.length}`,
    better: 'lower',
    reference: { name: 'fixed thresholds, looked at once', value: percentOf(naive) },
  };
}

/**
 * The reference: at the end of each step the observed values are compared with the thresholds, once. As in the guide and in
 * Flagger, but with the direction of each criterion correct. A missing value passes, because it exceeds no threshold.
 */
function judgeOnce(policy: RolloutPolicy, world: SimulatedWorld, random: Random): boolean {
  const limits = new Map(policy.criteria.map(({ metric, threshold }) => [metric, threshold]));
  for (const percent of policy.steps) {
    const step = addTraffic(emptyStep(), world, { percent, seconds: policy.stepSeconds }, policy, random);
    const { predictions, errors, latencies } = step.canary;
    const limitMs = limits.get('latency_p99') ?? Infinity;
    const slow = Object.entries(latencies)
      .filter(([bucket]) => 0.05 * 1.1 ** Number(bucket) > limitMs * 1.1)
      .reduce((sum, [, count]) => sum + count, 0);
    if (errors > (limits.get('error_rate') ?? 1) * predictions || slow > 0.01 * predictions) return false;
    const { rows, canaryCorrect } = step.outcomes;
    if (canaryCorrect < (limits.get('prediction_accuracy') ?? 0) * rows) return false;
  }
  return true;
}

function emptyStep(): Parameters<typeof addTraffic>[0] {
  const arm = { predictions: 0, errors: 0, latencies: {}, systems: undefined };
  const none = { rows: 0, sum: 0, squares: 0 };
  return {
    baseline: arm,
    canary: arm,
    paired: { rows: 0, disagreements: 0 },
    outcomes: { rows: 0, canaryCorrect: 0, baselineCorrect: 0, brier: none, missed: none, cost: none },
  };
}

function loadShippedPolicy(): RolloutPolicy {
  const file = join(process.cwd(), 'config/rollout-policies/default.yaml');
  const [declared] = parseDeclaration('rollout-policies', rolloutPolicy, readFileSync(file, 'utf8'), file);
  if (declared === undefined) throw new Error(`${file} is empty`);
  return declared.value;
}
