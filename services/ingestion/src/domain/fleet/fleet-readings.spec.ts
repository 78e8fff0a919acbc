import { describe, expect, it } from 'vitest';
import { fleetReadings, type FleetOptions, type FleetReading } from './fleet-readings.js';

const from = new Date('2026-11-20T00:00:00Z');
const minute = 60_000;
const options: FleetOptions = { systems: 10, from, steps: 2 * 1440, stepMs: minute };

describe('a synthetic fleet', () => {
  const readings = [...fleetReadings(7, options)];

  it('is the same for the same seed and differs for another', () => {
    expect([...fleetReadings(7, { ...options, steps: 50 })]).toEqual(readings.slice(0, 500));
    expect([...fleetReadings(8, { ...options, steps: 50 })]).not.toEqual(readings.slice(0, 500));
  });

  it('stays within what a percentage can be and in order of time', () => {
    expect(readings).toHaveLength(10 * 2 * 1440);
    let last = '';
    for (const { reading } of readings) {
      for (const percent of [reading.cpu_usage, reading.memory_usage]) {
        expect(percent).toBeGreaterThanOrEqual(0);
        expect(percent).toBeLessThanOrEqual(100);
      }
      expect(reading.timestamp >= last).toBe(true);
      last = reading.timestamp;
    }
  });

  it('reaches 90 percent in incidents and nowhere else', () => {
    for (const { reading, phase } of readings) expect(reading.cpu_usage >= 90).toBe(phase === 'incident');
  });

  it('has about as many incidents as configured', () => {
    const begins = countIncidents(readings);
    // 10 systems x 2 days x 4 a day, less what falls into a running one; Poisson, so within four deviations.
    expect(begins).toBeGreaterThan(80 - 4 * 9);
    expect(begins).toBeLessThan(80 + 4 * 9);
    expect(countIncidents([...fleetReadings(7, { ...options, incidentsPerDay: 0 })])).toBe(0);
  });

  it('labels a reading as near an incident only when there is one within 15 minutes', () => {
    const first = readings.filter(({ reading }) => reading.system_id === 'fleet-0');
    for (const [index, each] of first.entries()) {
      if (!each.incidentWithin15m || index + 16 > first.length) continue;
      expect(first.slice(index, index + 16).some(({ phase }) => phase === 'incident')).toBe(true);
    }
  });

  it('drifts one column from a moment on, and changes nothing before it and no incident', () => {
    const after = new Date(from.getTime() + 1440 * minute);
    const drifted = [
      ...fleetReadings(7, { ...options, drifts: [{ after, column: 'memory_usage', shift: 10 }] }),
    ];
    for (const [index, each] of drifted.entries()) {
      const plain = readings[index]!;
      expect(each.phase).toBe(plain.phase);
      expect(each.reading.cpu_usage).toBe(plain.reading.cpu_usage);
      const shift = new Date(each.reading.timestamp) < after ? 0 : 10;
      expect(each.reading.memory_usage).toBeCloseTo(Math.min(100, plain.reading.memory_usage + shift), 1);
    }
  });
});

function countIncidents(readings: readonly FleetReading[]): number {
  const going = new Map<string, boolean>();
  let starts = 0;
  for (const { reading, phase } of readings) {
    if (phase === 'incident' && going.get(reading.system_id) !== true) starts += 1;
    going.set(reading.system_id, phase === 'incident');
  }
  return starts;
}
