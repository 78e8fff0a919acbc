import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Clock } from '@headrace/kernel';
import { type ObjectStore } from '@headrace/object-store';
import { z } from 'zod';
import { ReadingSource } from '../../application/ports.js';
import {
  replayHistory,
  replayStep,
  findNabColumn,
  readNabSeries,
  type NabSeries,
} from '../../domain/formats/read-nab-series.js';

const stepMs = 300_000;
const batchSize = 1_000;
const stateKey = 'sources/replay.json';
const stateSchema = z.object({ historyEnd: z.iso.datetime(), done: z.boolean() });

/**
 * Real series of the Numenta Anomaly Benchmark. First their history as fast as it is accepted, ending at the first
 * start; then live, one step of five minutes per five minutes divided by the speed. After a restart the history is not
 * replayed, unless it was interrupted: then it is replayed with the same times, so that its readings keep their ids.
 */
export class ReplaySource extends ReadingSource {
  readonly name = 'replay';

  constructor(
    private readonly directory: string,
    private readonly speed: number,
    private readonly objects: ObjectStore,
    private readonly clock: Clock,
  ) {
    super();
  }

  async *batches(signal: AbortSignal): AsyncIterable<readonly unknown[]> {
    const series = await this.loadSeries();
    const state = await this.loadState();
    if (state.done) this.historyReadings = 0;
    else {
      const history = replayHistory(series, new Date(state.historyEnd));
      this.historyReadings = history.length;
      for (let from = 0; from < history.length; from += batchSize) {
        yield history.slice(from, from + batchSize);
      }
      await this.saveState({ ...state, done: true });
    }
    for (let step = 0; ; step += 1) {
      await pause(stepMs / this.speed, undefined, { signal });
      yield replayStep(series, step, this.clock.now());
    }
  }

  private async loadSeries(): Promise<readonly NabSeries[]> {
    const series: NabSeries[] = [];
    for (const file of (await readdir(this.directory)).sort()) {
      const column = findNabColumn(file);
      if (column === undefined) continue;
      series.push(readNabSeries(file, column, await readFile(join(this.directory, file), 'utf8')));
    }
    return series;
  }

  private async loadState(): Promise<z.output<typeof stateSchema>> {
    if ((await this.objects.head(stateKey)) !== undefined) {
      return stateSchema.parse(JSON.parse(Buffer.from(await this.objects.get(stateKey)).toString('utf8')));
    }
    const state = { historyEnd: this.clock.now().toISOString(), done: false };
    await this.saveState(state);
    return state;
  }

  private async saveState(state: z.output<typeof stateSchema>): Promise<void> {
    await this.objects.put(stateKey, Buffer.from(JSON.stringify(state)));
  }
}
