import { describe, expect, it } from 'vitest';
import { fleetIncidents, fleetReadings, type FleetOptions } from './fleet-readings.js';

const options: FleetOptions = {
  seed: 7,
  systems: 12,
  from: new Date('2026-11-01T00:00:00Z'),
  to: new Date('2026-11-05T00:00:00Z'),
  stepSeconds: 300,
  incidentsPerDay: 2,
};
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

describe('the fleet', () => {
  it('gives every system a reading a step, in order of time, the same for the same seed', () => {
    const readings = [...fleetReadings(options)];
    expect(readings).toHaveLength(12 * 4 * 288);
    expect(
      readings.every((reading, index) => index === 0 || readings[index - 1]!.timestamp <= reading.timestamp),
    ).toBe(true);
    expect([...fleetReadings(options)]).toEqual(readings);
    expect([...fleetReadings({ ...options, seed: 8 })]).not.toEqual(readings);
  });

  it('stays within the contract: percent 0 to 100, bytes not negative', () => {
    for (const reading of fleetReadings({
      ...options,
      shift: { at: options.from, memory: 30, diskFactor: 3 },
    })) {
      expect(reading.cpu_usage >= 0 && reading.cpu_usage <= 100).toBe(true);
      expect(reading.memory_usage >= 0 && reading.memory_usage <= 100).toBe(true);
      expect(reading.disk_io > 0 && reading.network_in > 0).toBe(true);
    }
  });

  it('is at 90 % exactly during its labelled incidents', () => {
    const incidents = fleetIncidents(options);
    expect(incidents.length).toBeGreaterThan(20);
    for (const reading of fleetReadings(options)) {
      const at = new Date(reading.timestamp);
      const labelled = incidents.some(
        ({ systemId, from, to }) => systemId === reading.system_id && at >= from && at < to,
      );
      expect(reading.cpu_usage >= 90).toBe(labelled);
    }
  });

  it('announces an incident by memory before the shift and by the disk after it', () => {
    const at = new Date('2026-11-03T00:00:00Z');
    const shifted = { ...options, shift: { at, memory: 25, diskFactor: 2 } };
    const incidents = fleetIncidents(shifted);
    const warned = (reading: { system_id: string; timestamp: string }): boolean => {
      const time = Date.parse(reading.timestamp);
      return incidents.some(
        ({ systemId, from }) =>
          systemId === reading.system_id && from.getTime() > time && from.getTime() - time < 900_000,
      );
    };
    const part = (after: boolean, warning: boolean) =>
      [...fleetReadings(shifted)].filter(
        (reading) =>
          new Date(reading.timestamp) >= at === after &&
          warned(reading) === warning &&
          reading.cpu_usage < 90,
      );
    const rise = (after: boolean, column: 'memory_usage' | 'disk_io'): number =>
      mean(part(after, true).map((reading) => reading[column])) /
      mean(part(after, false).map((reading) => reading[column]));
    expect(rise(false, 'memory_usage')).toBeGreaterThan(1.5);
    expect(rise(false, 'disk_io')).toBeLessThan(1.2);
    expect(rise(true, 'memory_usage')).toBeLessThan(1.2);
    expect(rise(true, 'disk_io')).toBeGreaterThan(3);
  });
});
