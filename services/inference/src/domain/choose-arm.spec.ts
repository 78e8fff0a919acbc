import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseArm, type Share } from './choose-arm.js';

fc.configureGlobal({ seed: 20261124 });

const division = (canary: number): Share[] => [
  { modelVersion: 1, arm: 'baseline', percent: 100 - canary },
  { modelVersion: 2, arm: 'canary', percent: canary },
];
const systems = Array.from({ length: 20_000 }, (_, index) => `web-${index}`);
const shareOfCanary = (canary: number, salt = 'r1'): number =>
  systems.filter((system) => chooseArm(division(canary), system, salt)?.arm === 'canary').length /
  systems.length;

describe('chooseArm', () => {
  it('gives nothing to a share of 0 and everything to a share of 100 (seldon-core#5181, kserve#2130)', () => {
    expect(shareOfCanary(0)).toBe(0);
    expect(shareOfCanary(100)).toBe(1);
  });

  it.each([5, 10, 25, 50])('gives %i percent of the entities to a canary of that share', (percent) => {
    // Standard error at 20,000 entities is at most 0.35 points; four of them.
    expect(Math.abs(shareOfCanary(percent) * 100 - percent)).toBeLessThan(1.4);
  });

  it('keeps an entity on the canary while its share grows', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.integer({ min: 0, max: 100 }),
        fc.integer({ min: 0, max: 100 }),
        (key, a, b) => {
          const before = chooseArm(division(Math.min(a, b)), key, 'r1')?.arm;
          const after = chooseArm(division(Math.max(a, b)), key, 'r1')?.arm;
          expect(before === 'canary' && after === 'baseline').toBe(false);
        },
      ),
    );
  });

  it('chooses other entities in another rollout', () => {
    const both = systems.filter(
      (system) =>
        chooseArm(division(10), system, 'r1')?.arm === 'canary' &&
        chooseArm(division(10), system, 'r2')?.arm === 'canary',
    );
    // Independent: 1 percent of 20,000.
    expect(both.length).toBeGreaterThan(120);
    expect(both.length).toBeLessThan(290);
  });

  it('chooses nobody when every share is 0', () => {
    expect(chooseArm([{ modelVersion: 1, arm: 'baseline', percent: 0 }], 'web-1', 'r1')).toBeUndefined();
  });
});
