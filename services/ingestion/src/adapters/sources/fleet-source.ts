import { setTimeout as pause } from 'node:timers/promises';
import { type Clock } from '@headrace/kernel';
import { type ObjectStore } from '@headrace/object-store';
import { z } from 'zod';
import { ReadingSource } from '../../application/ports.js';
import { fleetReadings } from '../../domain/fleet/fleet-readings.js';

export interface FleetSourceOptions {
  readonly seed: number;
  readonly systems: number;
  readonly stepMs: number;
  readonly historyMs: number;
  readonly incidentsPerDay: number;
  /** Milliseconds after the end of the history from which `cpu_usage` is shifted; undefined: never. */
  readonly driftAfterMs: number | undefined;
  readonly driftShift: number;
}

const stateSchema = z.object({ from: z.iso.datetime(), historyEnd: z.iso.datetime(), done: z.boolean() });

/**
 * A synthetic fleet: its history as fast as it is accepted, then live. After a restart it continues at the current
 * time; a history that was interrupted is replayed with the same readings.
 */
export class FleetSource extends ReadingSource {
  readonly name = 'fleet';

  constructor(
    private readonly options: FleetSourceOptions,
    private readonly objects: ObjectStore,
    private readonly clock: Clock,
  ) {
    super();
  }

  async *batches(signal: AbortSignal): AsyncIterable<readonly unknown[]> {
    const { seed, systems, stepMs, incidentsPerDay, driftAfterMs, driftShift } = this.options;
    const state = await this.loadState();
    const historyEnd = Date.parse(state.historyEnd);
    const pastSteps = Math.floor((historyEnd - Date.parse(state.from)) / stepMs) + 1;
    this.historyReadings = state.done ? 0 : pastSteps * systems;
    const skipBefore = state.done ? this.clock.now().getTime() : 0;
    const drifts =
      driftAfterMs === undefined
        ? []
        : [{ after: new Date(historyEnd + driftAfterMs), column: 'cpu_usage' as const, shift: driftShift }];
    let { done } = state;
    let batch: unknown[] = [];
    let made = 0;
    const from = new Date(state.from);
    for (const { reading } of fleetReadings(seed, { systems, from, stepMs, incidentsPerDay, drifts })) {
      made += 1;
      const time = Date.parse(reading.timestamp);
      if (time < skipBefore) continue;
      batch.push(reading);
      const waitMs = time - this.clock.now().getTime();
      // Whole steps only: the rest of a step would wait for the next one.
      if (made % systems !== 0 || (waitMs < -stepMs && batch.length < 1_000)) continue;
      if (waitMs > 0) await pause(waitMs, undefined, { signal });
      yield batch;
      batch = [];
      if (!done && time >= historyEnd) {
        done = true;
        await this.saveState({ ...state, done });
      }
    }
  }

  /** Each fleet has its own state. */
  private get stateKey(): string {
    const { seed, systems, stepMs } = this.options;
    return `sources/fleet-${seed}-${systems}-${stepMs}.json`;
  }

  private async loadState(): Promise<z.output<typeof stateSchema>> {
    if ((await this.objects.head(this.stateKey)) !== undefined) {
      return stateSchema.parse(
        JSON.parse(Buffer.from(await this.objects.get(this.stateKey)).toString('utf8')),
      );
    }
    const end = Math.floor(this.clock.now().getTime() / this.options.stepMs) * this.options.stepMs;
    const from = new Date(end - this.options.historyMs).toISOString();
    const state = { from, historyEnd: new Date(end).toISOString(), done: false };
    await this.saveState(state);
    return state;
  }

  private async saveState(state: z.output<typeof stateSchema>): Promise<void> {
    await this.objects.put(this.stateKey, Buffer.from(JSON.stringify(state)));
  }
}
