import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitByTime } from './temporal-split.js';

fc.configureGlobal({ seed: 20261124 });

const minute = 60_000;
const minutes = (count: number): number[] => Array.from({ length: count }, (_, index) => index * minute);
const policy = { holdoutShare: 0.2, validationShare: 0.2, purgeMs: 15 * minute, embargoMs: 10 * minute };

describe('a temporal split', () => {
  it('purges before each border and waits out the embargo after it', () => {
    // 200 minutes, borders at 120 and 160. The label of minute 105 ends at 120, so it is the last to learn from; the
    // embargo after the border ends at 130.
    expect(splitByTime(minutes(200), policy)).toEqual({
      train: { begin: 0, end: 106 },
      validation: { begin: 130, end: 146 },
      holdout: { begin: 170, end: 200 },
      dropped: 48,
    });
  });

  it('keeps rows of one instant on one side', () => {
    const times = minutes(100).flatMap((time) => [time, time, time]);
    const { train, holdout } = splitByTime(times, {
      ...policy,
      purgeMs: 0,
      embargoMs: 0,
      holdoutShare: 0.335,
    });
    expect(train.end % 3).toBe(0);
    expect(holdout.begin % 3).toBe(0);
  });

  it('refuses a set that is too short for its purge, and names the part', () => {
    expect(() => splitByTime(minutes(40), policy)).toThrow(/leave nothing for validation/);
    expect(() => splitByTime([], policy)).toThrow(/0 rows over 0 hours/);
  });

  it('never lets a label of an earlier part reach into a later one', () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 5 * minute }), { minLength: 300, maxLength: 600 });
    fc.assert(
      fc.property(gaps, (steps) => {
        let now = 0;
        const times = steps.map((step) => (now += step));
        const { train, validation, holdout } = splitByTime(times, {
          ...policy,
          purgeMs: minute,
          embargoMs: minute,
        });
        for (const [earlier, later] of [
          [train, validation],
          [validation, holdout],
        ] as const) {
          expect(times[later.begin]! - times[earlier.end - 1]!).toBeGreaterThanOrEqual(2 * minute);
        }
      }),
      { numRuns: 50 },
    );
  });
});
