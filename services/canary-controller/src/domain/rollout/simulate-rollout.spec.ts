import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SeededRandom } from '@headrace/kernel';
import { parseDeclaration } from '@headrace/service-host';
import { describe, expect, it } from 'vitest';
import { rolloutPolicy } from '../policy/rollout-policy.js';
import { simulateRollout, type SimulatedEnd, type SimulatedWorld } from './simulate-rollout.js';

const file = fileURLToPath(new URL('../../../../../config/rollout-policies/default.yaml', import.meta.url));
const [declared] = parseDeclaration('rollout-policies', rolloutPolicy, readFileSync(file, 'utf8'), file);
if (declared === undefined) throw new Error('the default policy is empty');
const policy = declared.value;
const arm = { errorRate: 0.002, latencyMs: 10, recall: 0.95, falseAlarmRate: 0.02 };
const world: SimulatedWorld = { canaryPerStep: 500, incidentRate: 0.05, baseline: arm, canary: arm };

function ends(rollouts: number, changed: Partial<SimulatedWorld>): readonly SimulatedEnd[] {
  return Array.from({ length: rollouts }, (_, seed) =>
    simulateRollout(policy, { ...world, ...changed }, new SeededRandom(seed)),
  );
}
const share = (all: readonly SimulatedEnd[], outcome: SimulatedEnd['outcome']): number =>
  all.filter((end) => end.outcome === outcome).length / all.length;

// What takes longest is tried less often here; `npm run bench -- rollouts` has hundreds of each.
describe('a rollout under the default policy', () => {
  it('ends the same way for the same seed', () => {
    expect(ends(3, {})).toEqual(ends(3, {}));
  });

  it('is aborted in fewer than 5 % of A/A rollouts with 20 predictions a step', () => {
    expect(share(ends(25, { canaryPerStep: 20 }), 'rolled-back')).toBeLessThan(0.05);
  });

  it('is promoted in A/A rollouts where incidents are rare, and waits for enough of them', () => {
    const all = ends(50, { incidentRate: 0.01 });
    expect(share(all, 'promoted')).toBeGreaterThan(0.95);
  });

  it('is never judged by time alone: it takes the predictions that its error rate takes', () => {
    for (const { outcome, canaryPredictions } of ends(10, {})) {
      expect(outcome).toBe('promoted');
      expect(canaryPredictions).toBeGreaterThan(700);
    }
  });

  it('is promoted with a doubled error rate in at most 1 % of 100', () => {
    const doubled = { baseline: { ...arm, errorRate: 0.01 }, canary: { ...arm, errorRate: 0.02 } };
    expect(share(ends(100, doubled), 'promoted')).toBeLessThanOrEqual(0.01);
  });

  // Tolerated is a recall that is lower by 0.1.
  it.each([
    ['0.2 lower', 500, { canary: { ...arm, recall: 0.75 } }],
    ['0.2 lower, and incidents are rare', 100, { canary: { ...arm, recall: 0.75 }, incidentRate: 0.01 }],
    ['0.45 lower', 500, { canary: { ...arm, recall: 0.5 } }],
  ] as const)('is promoted with a recall that is %s in at most 1 % of %i', (_, rollouts, changed) => {
    const all = ends(rollouts, changed);
    expect(share(all, 'promoted')).toBeLessThanOrEqual(0.01);
    // And it is stopped by the proof, not by the deadline.
    expect(all.filter(({ harm }) => harm.length > 0).length / rollouts).toBeGreaterThan(0.95);
  });

  it('is promoted at the tolerance itself no more often than the confidence leaves, and ends at a deadline', () => {
    const all = ends(20, { canary: { ...arm, recall: 0.85 } });
    expect(share(all, 'promoted')).toBeLessThanOrEqual(1 - policy.confidence);
    expect(all.some(({ reason }) => /still inconclusive at the deadline: recall_decrease/.test(reason))).toBe(
      true,
    );
  });

  it('is promoted with half of the precision in at most 1 % of 500', () => {
    // 0.05 * 0.95 right alarms for 0.95 * 0.02 false ones, and for 0.95 * 0.09.
    const halved = { canary: { ...arm, falseAlarmRate: 0.09 } };
    expect(share(ends(500, halved), 'promoted')).toBeLessThanOrEqual(0.01);
  });

  it('goes back before 25 % when the model is as fast and sees fewer incidents', () => {
    const worse = { canary: { ...arm, recall: 0.5 }, incidentRate: 0.2 };
    for (const end of ends(20, worse)) {
      expect(end).toMatchObject({ outcome: 'rolled-back' });
      expect(end.percent).toBeLessThan(25);
    }
  });
});
