import { AppError, Clock } from '@headrace/kernel';
import { Injectable } from '@nestjs/common';
import { isDue } from '../domain/model-watch.js';
import { CloseWindow } from './close-window.js';
import { DriftGauges } from './drift-gauges.js';
import { MeasurePerformance } from './measure-performance.js';
import { DriftPolicies } from './drift-policies.js';
import { type DriftReport, DriftRepository, type PerformanceReport } from './ports.js';
import { ReferenceProfiles } from './reference-profiles.js';

/** Nobody has told drift of a champion of this model. */
export class WatchedModelNotFoundError extends AppError {
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
    private readonly store: DriftRepository,
    private readonly profiles: ReferenceProfiles,
    private readonly policies: DriftPolicies,
    private readonly closeWindow: CloseWindow,
    private readonly performance: MeasurePerformance,
    private readonly gauges: DriftGauges,
    private readonly clock: Clock,
  ) {}

  /** After a restart the gauges show what the last windows said, not nothing until the next one closes. */
  async showLast(): Promise<void> {
    for (const modelName of await this.store.findModelNames()) {
      const report = await this.store.findLatestReport(modelName);
      if (report) this.gauges.setDrift(report);
      for (const performance of await this.store.findLatestPerformance(modelName)) {
        this.gauges.setPerformance(performance);
      }
    }
  }

  async due(): Promise<void> {
    for (const modelName of await this.store.findModelNames()) await this.check(modelName, 'due');
    const now = this.clock.now().getTime();
    if (now - this.lastForgotten < 600_000) return;
    this.lastForgotten = now;
    await this.store.deleteStoredBefore(new Date(now - this.policies.maxKeepHours * 3_600_000));
  }

  async now(modelName?: string): Promise<readonly CheckResult[]> {
    if (modelName !== undefined) return [await this.check(modelName, 'now')];
    const results = [];
    for (const name of await this.store.findModelNames()) results.push(await this.check(name, 'now'));
    return results;
  }

  private async check(modelName: string, when: 'due' | 'now'): Promise<CheckResult> {
    const champion = (await this.store.findWatch(modelName))?.champion;
    if (!champion) {
      if (when === 'now') throw new WatchedModelNotFoundError(modelName);
      return { modelName, drift: undefined, performance: [] };
    }
    const loaded = await this.profiles.get(champion.reference);
    const versioned = this.policies.findFor(modelName);
    const drift = await this.store.change(modelName, async (unit) => {
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
    if (drift) this.gauges.setDrift(drift);
    return { modelName, drift, performance: await this.performance.execute(modelName, when) };
  }
}
