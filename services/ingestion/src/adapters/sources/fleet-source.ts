import { setTimeout as pause } from 'node:timers/promises';
import { type Clock } from '@headrace/kernel';
import { ReadingSource } from '../../application/ports.js';
import { fleetReadings } from '../../domain/fleet-readings.js';

export interface FleetSourceOptions {
  readonly seed: number;
  readonly systems: number;
  readonly stepMs: number;
  readonly historyMs: number;
  readonly incidentsPerDay: number;
  /** Milliseconds from the start after which the values of `cpu_usage` are shifted; undefined: never. */
  readonly driftAfterMs: number | undefined;
  readonly driftShift: number;
}

/** A made-up fleet: its history as fast as it is taken, then live. */
export class FleetSource extends ReadingSource {
  readonly name = 'fleet';

  constructor(
    private readonly options: FleetSourceOptions,
    private readonly clock: Clock,
  ) {
    super();
  }

  async *batches(signal: AbortSignal): AsyncIterable<readonly unknown[]> {
    const { seed, systems, stepMs, historyMs, incidentsPerDay, driftAfterMs, driftShift } = this.options;
    // Starts of one process at the same step make the same readings.
    const now = Math.floor(this.clock.now().getTime() / stepMs) * stepMs;
    const drift =
      driftAfterMs === undefined
        ? {}
        : { drift: { after: new Date(now + driftAfterMs), column: 'cpu_usage' as const, shift: driftShift } };
    const from = new Date(now - historyMs);
    let batch: unknown[] = [];
    for (const { reading } of fleetReadings(seed, { systems, from, stepMs, incidentsPerDay, ...drift })) {
      batch.push(reading);
      const time = Date.parse(reading.timestamp);
      const waitMs = time - this.clock.now().getTime();
      if (batch.length < Math.max(1, systems) || (waitMs < -stepMs && batch.length < 1_000)) continue;
      if (waitMs > 0) await pause(waitMs, undefined, { signal });
      yield batch;
      batch = [];
    }
  }
}
