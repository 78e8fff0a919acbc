import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SeededRandom } from '@headrace/kernel';
import { parseDeclaration } from '@headrace/service-host';
import { describe, expect, it } from 'vitest';
import { rolloutPolicy } from './rollout-policy.js';
import { simulateRollout, type SimulatedEnd, type SimulatedWorld } from './simulate-rollout.js';

const file = fileURLToPath(new URL('../../../../config/rollout-policies/default.yaml', import.meta.url));
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

// Few rollouts, to be quick; `npm run bench -- rollouts` has hundreds of each.
describe('a rollout under the default policy', () => {
  it('ends the same way for the same seed', () => {
    expect(ends(3, {})).toEqual(ends(3, {}));
  });

  it('is aborted in fewer than 5 % of A/A rollouts with 20 predictions a step', () => {
    expect(share(ends(20, { canaryPerStep: 20 }), 'rolled-back')).toBeLessThan(0.05);
  });

  it('is never judged by time alone: it takes the predictions that its error rate takes', () => {
    for (const { outcome, canaryPredictions } of ends(10, {})) {
      expect(outcome).toBe('promoted');
      expect(canaryPredictions).toBeGreaterThan(700);
    }
  });

  it('is not promoted with a doubled error rate', () => {
    const doubled = { baseline: { ...arm, errorRate: 0.01 }, canary: { ...arm, errorRate: 0.02 } };
    for (const end of ends(30, doubled)) expect(end.outcome).toBe('rolled-back');
  });

  it('goes back before 25 % when the model is as fast and sees fewer incidents', () => {
    const worse = { canary: { ...arm, recall: 0.5 }, incidentRate: 0.2 };
    for (const end of ends(20, worse)) {
      expect(end).toMatchObject({ outcome: 'rolled-back' });
      expect(end.percent).toBeLessThan(25);
    }
  });
});
