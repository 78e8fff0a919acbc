import { freezeHistogram } from '@headrace/statistics';
import { describe, expect, it } from 'vitest';
import { DriftWindow } from './drift-window.js';
import { countIndependentRows } from './count-independent-rows.js';
import { parseReferenceProfile, type ReferenceProfile } from './reference-profile.js';

const now = new Date('2026-11-23T12:00:00Z');
const profile: ReferenceProfile = {
  modelRunId: 'run-1',
  rows: 100,
  features: {
    cpu: freezeHistogram(
      Array.from({ length: 100 }, (_, row) => row),
      { bins: 4 },
    ),
  },
  prediction: freezeHistogram([0.1, 0.2, 0.8, 0.9], { bins: 2 }),
};
const row = (id: string, systemId: string, cpu: number | null, eventTime = now.toISOString()) => ({
  id,
  systemId,
  eventTime,
  features: { cpu, unknown: 1 },
});

describe('a drift window', () => {
  it('counts rows into the reference bins, missing ones apart, each event once', () => {
    const window = DriftWindow.open(profile, now);
    window.countFeatures(row('a', 's1', 10));
    window.countFeatures(row('b', 's1', 30));
    window.countFeatures(row('c', 's2', null));
    window.countFeatures(row('b', 's1', 30));
    window.countPrediction({ id: 'p', systemId: 's1', probability: 0.95 });
    window.countPrediction({ id: 'p', systemId: 's1', probability: 0.95 });
    expect(window.toState()).toMatchObject({
      rows: 3,
      predictions: 1,
      features: { cpu: { counts: [1, 1, 0, 0], missing: 1, followed: 1, squaredSteps: 1 } },
      prediction: { counts: [0, 1], missing: 0 },
    });
  });

  it('continues after a restart as if nothing had happened', () => {
    const whole = DriftWindow.open(profile, now);
    let stored = DriftWindow.open(profile, now);
    for (let index = 0; index < 50; index += 1) {
      const event = row(`event-number-${index % 40}-of-a-long-id`, `s${index % 3}`, (index * 37) % 100);
      whole.countFeatures(event);
      stored = DriftWindow.restore(profile, JSON.parse(JSON.stringify(stored.toState())) as never);
      stored.countFeatures(event);
    }
    expect(stored.toState()).toEqual(whole.toState());
    expect(whole.rowCount).toBe(40);
  });

  it('spans its rows in event time, whatever their order and zone', () => {
    const window = DriftWindow.open(profile, now);
    window.countFeatures(row('a', 's', 1, '2026-11-23T13:00:00+02:00'));
    window.countFeatures(row('b', 's', 1, '2026-11-23T10:30:00Z'));
    expect(window.toState()).toMatchObject({
      firstEvent: '2026-11-23T10:30:00.000Z',
      lastEvent: '2026-11-23T11:00:00.000Z',
    });
  });
});

describe('independentRows', () => {
  const reference = [25, 25, 25, 25];
  it('is all rows when they follow each other by chance', () => {
    const column = { counts: [25, 25, 25, 25], missing: 0, followed: 80, squaredSteps: 200 };
    expect(countIndependentRows(column, 20, reference)).toBe(100);
  });

  it('is one a system when nothing moves', () => {
    const column = { counts: [25, 25, 25, 25], missing: 0, followed: 80, squaredSteps: 0 };
    expect(countIndependentRows(column, 20, reference)).toBe(20);
  });

  it('is rows * (1 - rho) / (1 + rho) in between', () => {
    const column = { counts: [25, 25, 25, 25], missing: 0, followed: 80, squaredSteps: 100 };
    expect(countIndependentRows(column, 2, reference)).toBeCloseTo(100 / 3, 10);
  });

  it('is nothing without rows, and all rows against a constant', () => {
    expect(
      countIndependentRows({ counts: [0, 0], missing: 5, followed: 0, squaredSteps: 0 }, 3, [1, 1]),
    ).toBe(0);
    expect(
      countIndependentRows({ counts: [50, 0, 0], missing: 0, followed: 40, squaredSteps: 0 }, 3, [0, 9, 0]),
    ).toBe(50);
  });
});

describe('parseReferenceProfile', () => {
  const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));
  it('reads what the trainer wrote', () => {
    expect(parseReferenceProfile('k', bytes(profile))).toEqual(profile);
  });

  it('says which object is unusable and why', () => {
    expect(() => parseReferenceProfile('models/1/reference.json', Buffer.from('{'))).toThrow(
      /models\/1\/reference.json cannot be used/,
    );
    const torn = { ...profile, prediction: { ...profile.prediction, counts: [1] } };
    expect(() => parseReferenceProfile('k', bytes(torn))).toThrow(/needs one count more than edges/);
  });
});
