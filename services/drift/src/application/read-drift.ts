import { Injectable } from '@nestjs/common';
import { deriveNewModelStage, type ModelWatch } from '../domain/model-watch.js';
import { type NewModelStage } from '../domain/new-model-progress.js';
import { WatchedModelNotFoundError } from './check-model.js';
import { type DriftReport, DriftRepository, type PerformanceReport } from './ports.js';

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

/** Reads the state of a model: the last report with its histograms, the streaks, the last performance of each version. */
@Injectable()
export class ReadDrift {
  constructor(private readonly repository: DriftRepository) {}

  async execute(modelName: string): Promise<DriftView> {
    const watch = await this.repository.findWatch(modelName);
    if (!watch?.champion) throw new WatchedModelNotFoundError(modelName);
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
      newModel: deriveNewModelStage(watch),
      latest: await this.repository.findLatestReport(modelName),
      performance: await this.repository.findLatestPerformance(modelName),
    };
  }
}
