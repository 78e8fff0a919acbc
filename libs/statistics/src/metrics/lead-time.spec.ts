import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidSampleError } from '../samples/invalid-sample-error.js';
import { leadTime } from './lead-time.js';
import { readGolden } from '../golden/read-golden.js';

const { leadTimes } = readGolden('monitoring') as {
  leadTimes: ({ alerts: number[]; incidents: number[]; horizon: number } & Record<
    'warned' | 'share' | 'median' | 'mean' | 'least',
    number
  >)[];
};

fc.configureGlobal({ seed: 20261124 });

describe('leadTime', () => {
  it('by hand: the first alert within the horizon counts, an earlier one warned of something else', () => {
    // 100: alerts at 40 (too early), 80 and 95: 20. 300: none. 500: alert at its start: 0. 900: alert at 890: 10.
    expect(leadTime([95, 40, 80, 500, 890], [100, 300, 500, 900], 50)).toEqual({
      incidents: 4,
      warned: 3,
      share: 0.75,
      median: 10,
      mean: 10,
      min: 0,
    });
  });

  it('gives an alert to the incident that follows it, not to the one after', () => {
    expect(leadTime([90], [100, 110], 50)).toMatchObject({ warned: 1, median: 10 });
    expect(leadTime([90, 105], [100, 110], 50)).toMatchObject({ warned: 2, median: 7.5 });
  });

  it('says nothing without an incident and has no lead time, not one of 0, for incidents without a warning', () => {
    expect(leadTime([1, 2], [], 10)).toBeUndefined();
    expect(leadTime([], [5], 10)).toEqual({
      incidents: 1,
      warned: 0,
      share: 0,
      median: undefined,
      mean: undefined,
      min: undefined,
    });
    expect(leadTime([4], [5, 5], 10)).toMatchObject({ incidents: 1, warned: 1 });
    expect(() => leadTime([NaN], [1], 10)).toThrow(InvalidSampleError);
    expect(() => leadTime([1], [1], 0)).toThrow(InvalidSampleError);
  });

  it('is that of the definition for alerts and incidents in any order, near each other or far apart', () => {
    const time = fc.oneof(
      fc.integer({ min: -30, max: 30 }),
      fc.double({ min: -1e6, max: 1e6, noNaN: true }),
      fc.constantFrom(-Number.MAX_VALUE, -1e300, 5e-324, 1e300, Number.MAX_VALUE),
    );
    const times = fc.array(time, { maxLength: 40 });
    fc.assert(
      fc.property(times, times, fc.constantFrom(0.5, 10, 1e5, 1e301), (alerts, incidents, horizon) => {
        const starts = [...new Set(incidents.map((start) => start + 0))].sort((one, other) => one - other);
        const leads = starts.flatMap((start, index) => {
          const own = alerts.filter(
            (alert) =>
              alert <= start && alert >= start - horizon && !(alert <= (starts[index - 1] ?? -Infinity)),
          );
          return own.length > 0 ? [start - Math.min(...own)] : [];
        });
        const found = leadTime(alerts, incidents, horizon);
        if (starts.length === 0) expect(found).toBeUndefined();
        else {
          expect(found).toMatchObject({ incidents: starts.length, warned: leads.length });
          expect(found!.min).toBe(leads.length > 0 ? Math.min(...leads) : undefined);
        }
      }),
    );
  });

  it('never exceeds the horizon, and more alerts never warn of fewer incidents', () => {
    const times = fc.array(fc.integer({ min: 0, max: 500 }), { maxLength: 20 });
    fc.assert(
      fc.property(
        times,
        times,
        times,
        fc.integer({ min: 1, max: 100 }),
        (alerts, more, incidents, horizon) => {
          const found = leadTime(alerts, incidents, horizon);
          if (found === undefined) return;
          expect(found.min ?? 0).toBeGreaterThanOrEqual(0);
          expect(found.mean ?? 0).toBeLessThanOrEqual(horizon);
          expect(leadTime([...alerts, ...more], incidents, horizon)!.warned).toBeGreaterThanOrEqual(
            found.warned,
          );
        },
      ),
    );
  });
});

it.each(leadTimes)(
  "joins alerts to incidents within $horizon as pandas' as-of join does",
  ({ alerts, incidents, horizon, ...expected }) => {
    const found = leadTime(alerts, incidents, horizon)!;
    expect(found).toMatchObject({ warned: expected.warned, median: expected.median, min: expected.least });
    expect(found.share).toBeCloseTo(expected.share, 12);
    expect(found.mean).toBeCloseTo(expected.mean, 10);
  },
);
