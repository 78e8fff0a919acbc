import { AppError, Clock } from '@headrace/kernel';
import { Injectable } from '@nestjs/common';
import { isDue } from '../domain/model-watch.js';
import { CloseWindow } from './close-window.js';
import { DriftGauges } from './drift-gauges.js';
import { MeasurePerformance } from './measure-performance.js';
import { Policies } from './policies.js';
import { type DriftReport, DriftStore, type PerformanceReport } from './ports.js';
import { ReferenceProfiles } from './reference-profiles.js';

/** Nobody has told drift of a champion of this model. */
export class ModelNotWatchedError extends AppError {
  readonly code = 'DRIFT_MODEL_NOT_WATCHED';
  readonly kind = 'not-found';

  constructor(readonly modelName: string) {
    super(`Model ${modelName} has no champion that drift knows of; promote a version first`);
  }
}

export interface CheckResult {
  readonly modelName: string;
  readonly drift: DriftReport | undefined;
  readonly performance: readonly PerformanceReport[];
}

/** Closes windows: those that are due, as the timer asks, or the open one right now, as a person asks. */
@Injectable()
export class CheckDrift {
  private lastForgotten = 0;

  constructor(
    private readonly store: DriftStore,
    private readonly profiles: ReferenceProfiles,
    private readonly policies: Policies,
    private readonly closeWindow: CloseWindow,
    private readonly performance: MeasurePerformance,
    private readonly gauges: DriftGauges,
    private readonly clock: Clock,
  ) {}

  /** After a restart the gauges show what the last windows said, not nothing until the next one closes. */
  async showLast(): Promise<void> {
    for (const modelName of await this.store.modelNames()) {
      const report = await this.store.latestReport(modelName);
      if (report) this.gauges.showDrift(report);
      for (const performance of await this.store.latestPerformance(modelName)) {
        this.gauges.showPerformance(performance);
      }
    }
  }

  async due(): Promise<void> {
    for (const modelName of await this.store.modelNames()) await this.check(modelName, 'due');
    const now = this.clock.now().getTime();
    if (now - this.lastForgotten < 600_000) return;
    this.lastForgotten = now;
    await this.store.forget(new Date(now - this.policies.keepHours * 3_600_000));
  }

  async now(modelName?: string): Promise<readonly CheckResult[]> {
    if (modelName !== undefined) return [await this.check(modelName, 'now')];
    const results = [];
    for (const name of await this.store.modelNames()) results.push(await this.check(name, 'now'));
    return results;
  }

  private async check(modelName: string, when: 'due' | 'now'): Promise<CheckResult> {
    const champion = (await this.store.watch(modelName))?.champion;
    if (!champion) {
      if (when === 'now') throw new ModelNotWatchedError(modelName);
      return { modelName, drift: undefined, performance: [] };
    }
    const loaded = await this.profiles.get(champion.reference);
    const versioned = this.policies.of(modelName);
    const drift = await this.store.inModel(modelName, async (unit) => {
      const { watch } = unit;
      if (!watch?.champion || watch.champion.reference?.digest !== champion.reference?.digest) {
        return undefined;
      }
      if (when === 'due' && !isDue(watch, versioned.policy, this.clock.now())) return undefined;
      const closed = await this.closeWindow.execute(
        unit,
        { ...watch, champion: watch.champion },
        loaded,
        versioned,
      );
      await unit.save(closed.watch);
      return closed.report;
    });
    if (drift) this.gauges.showDrift(drift);
    return { modelName, drift, performance: await this.performance.execute(modelName, when) };
  }
}
