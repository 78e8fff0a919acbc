import { Injectable } from '@nestjs/common';
import { newModelOf, type ModelWatch } from '../domain/model-watch.js';
import { type NewModelStage } from '../domain/new-model-progress.js';
import { ModelNotWatchedError } from './check-drift.js';
import { type DriftReport, DriftStore, type PerformanceReport } from './ports.js';

export interface DriftView {
  readonly modelName: string;
  readonly champion: ModelWatch['champion'];
  /** Rows of the window that is still open. */
  readonly openWindow: { readonly openedAt: string; readonly rows: number; readonly predictions: number };
  readonly windowsInARow: ModelWatch['streaks'];
  readonly shift: ModelWatch['shift'];
  readonly requestedAt: readonly string[];
  readonly newModel: NewModelStage;
  /** Undefined until a first window has closed. */
  readonly latest: DriftReport | undefined;
  readonly performance: readonly PerformanceReport[];
}

/** What is known about a model: the last report with its histograms, the streaks, the last performance of each version. */
@Injectable()
export class ReadDrift {
  constructor(private readonly store: DriftStore) {}

  modelNames(): Promise<readonly string[]> {
    return this.store.modelNames();
  }

  async execute(modelName: string): Promise<DriftView> {
    const watch = await this.store.watch(modelName);
    if (!watch?.champion) throw new ModelNotWatchedError(modelName);
    return {
      modelName,
      champion: watch.champion,
      openWindow: {
        openedAt: watch.windowOpenedAt,
        rows: watch.window?.rows ?? 0,
        predictions: watch.window?.predictions ?? 0,
      },
      windowsInARow: watch.streaks,
      shift: watch.shift,
      requestedAt: watch.requestedAt,
      newModel: newModelOf(watch),
      latest: await this.store.latestReport(modelName),
      performance: await this.store.latestPerformance(modelName),
    };
  }
}
