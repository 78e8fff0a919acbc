import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolloutPolicy, type RolloutPolicy } from '@headrace/canary-controller/rollout-policy';
import {
  addTraffic,
  lookEverySeconds,
  simulateRollout,
  type SimulatedWorld,
  type TrueArm,
} from '@headrace/canary-controller/simulate-rollout';
import { SeededRandom, type Random } from '@headrace/kernel';
import { parseDeclaration } from '@headrace/service-host';
import { type BenchResult, median } from './bench-result.js';

const rollouts = 200;
const sound: TrueArm = { errorRate: 0.002, latencyMs: 10, recall: 0.95, falseAlarmRate: 0.02 };
const base: SimulatedWorld = { canaryPerStep: 500, incidentRate: 0.05, baseline: sound, canary: sound };
const canary = (changed: Partial<TrueArm>): SimulatedWorld => ({
  ...base,
  canary: { ...sound, ...changed },
});

/** Worlds with a version as good as the champion: whoever rolls it back is wrong. */
const equal: readonly (readonly [string, SimulatedWorld])[] = [
  ['A/A, 20 predictions a step', { ...base, canaryPerStep: 20 }],
  ['A/A, 500 predictions a step', base],
  ['A/A, 0.5 % of errors, 500 a step', erring(0.005, 0.005)],
];
/** Worlds with a worse one: whoever promotes it is wrong. */
const worse: readonly (readonly [string, SimulatedWorld])[] = [
  ['errors doubled, 0.5 % to 1 %', erring(0.005, 0.01)],
  ['errors doubled, 1 % to 2 %', erring(0.01, 0.02)],
  ['errors doubled, 1 % to 2 %, 20 a step', { ...erring(0.01, 0.02), canaryPerStep: 20 }],
  ['p99 of 130 ms', canary({ latencyMs: 41 })],
  ['recall 0.95 to 0.75, equal latency', canary({ recall: 0.75 })],
  ['recall 0.95 to 0.50, equal latency', canary({ recall: 0.5 })],
  ['no traffic at all', { ...base, canaryPerStep: 0 }],
];

function erring(before: number, after: number): SimulatedWorld {
  return {
    ...base,
    baseline: { ...sound, errorRate: before },
    canary: { ...sound, errorRate: after },
  };
}

/**
 * How often a policy errs, in worlds whose truth is known: the shipped policy through the real state machine, against a
 * judge that looks once a step at fixed thresholds, both on the same kind of traffic and the same seeds.
 */
export function benchRollouts(): BenchResult[] {
  const policy = shippedPolicy();
  const results: BenchResult[] = [];
  for (const [name, world] of equal) {
    const ends = seeds().map((seed) => simulateRollout(policy, world, new SeededRandom(seed)));
    const naive = seeds().map((seed) => lookOnce(policy, world, new SeededRandom(seed)));
    results.push(
      wrong(
        `false rollbacks: ${name}`,
        ends.filter(({ outcome }) => outcome !== 'promoted').length,
        naive.filter((promoted) => !promoted).length,
      ),
      {
        name: `predictions to promote: ${name}`,
        value: median(ends.map((end) => end.canaryPredictions)),
        unit: 'predictions (median)',
        better: 'lower',
      },
    );
  }
  for (const [name, world] of worse) {
    const ends = seeds().map((seed) => simulateRollout(policy, world, new SeededRandom(seed)));
    const naive = seeds().map((seed) => lookOnce(policy, world, new SeededRandom(seed)));
    results.push(
      wrong(
        `false promotions: ${name}`,
        ends.filter(({ outcome }) => outcome === 'promoted').length,
        naive.filter((promoted) => promoted).length,
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

function seeds(): readonly number[] {
  return Array.from({ length: rollouts }, (_, seed) => seed);
}

function wrong(name: string, ours: number, naive: number): BenchResult {
  return {
    name,
    value: (100 * ours) / rollouts,
    unit: `% of ${rollouts}`,
    better: 'lower',
    reference: { name: 'fixed thresholds, looked at once', value: (100 * naive) / rollouts },
  };
}

/**
 * The reference: at the end of each step the observed values are held against the thresholds, once. As in the guide and
 * in Flagger, but with each criterion's direction right; no value passes, because nothing was above a threshold.
 */
function lookOnce(policy: RolloutPolicy, world: SimulatedWorld, random: Random): boolean {
  const limits = new Map(policy.criteria.map(({ metric, threshold }) => [metric, threshold]));
  for (const percent of policy.steps) {
    let step = emptyStep();
    for (let seconds = 0; seconds < policy.stepSeconds; seconds += lookEverySeconds)
      step = addTraffic(step, world, percent, policy, random);
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

function shippedPolicy(): RolloutPolicy {
  const file = join(process.cwd(), 'config/rollout-policies/default.yaml');
  const [declared] = parseDeclaration('rollout-policies', rolloutPolicy, readFileSync(file, 'utf8'), file);
  if (declared === undefined) throw new Error(`${file} is empty`);
  return declared.value;
}
