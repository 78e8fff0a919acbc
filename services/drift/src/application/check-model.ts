import { AppError, Clock } from '@headrace/kernel';
import { Injectable } from '@nestjs/common';
import { isDue } from '../domain/model-watch.js';
import { CloseWindow } from './close-window.js';
import { DriftGauges } from './drift-gauges.js';
import { MeasurePerformance } from './measure-performance.js';
import { DriftPolicies } from './drift-policies.js';
import { type DriftReport, DriftRepository, type PerformanceReport } from './ports.js';
import { ReferenceProfiles } from './reference-profiles.js';

/** A model that never had a champion, or has none any more. */
export class WatchedModelNotFoundError extends AppError {
  readonly code = 'DRIFT_MODEL_NOT_WATCHED';
  readonly kind = 'not-found';

  constructor(readonly modelName: string) {
    super(`Drift does not watch model ${modelName} because it has no champion; promote a version first`);
  }
}

export interface CheckResult {
  readonly modelName: string;
  readonly drift: DriftReport | undefined;
  readonly performance: readonly PerformanceReport[];
}

/** Closes the open windows of one model and measures its performance: all of them `now`, or only what is `due`. */
@Injectable()
export class CheckModel {
  constructor(
    private readonly repository: DriftRepository,
    private readonly profiles: ReferenceProfiles,
    private readonly policies: DriftPolicies,
    private readonly closeWindow: CloseWindow,
    private readonly performance: MeasurePerformance,
    private readonly gauges: DriftGauges,
    private readonly clock: Clock,
  ) {}

  async execute(modelName: string, when: 'due' | 'now'): Promise<CheckResult> {
    const champion = (await this.repository.findWatch(modelName))?.champion;
    if (!champion) {
      if (when === 'now') throw new WatchedModelNotFoundError(modelName);
      return { modelName, drift: undefined, performance: [] };
    }
    const loaded = await this.profiles.get(champion.reference);
    const policy = this.policies.findFor(modelName);
    const drift = await this.repository.change(modelName, async (unit) => {
      const { watch } = unit;
      if (!watch?.champion || watch.champion.reference?.digest !== champion.reference?.digest) {
        return undefined;
      }
      if (when === 'due' && !isDue(watch, policy.value, this.clock.now())) return undefined;
      const closed = await this.closeWindow.execute(
        unit,
        { ...watch, champion: watch.champion },
        loaded,
        policy,
      );
      await unit.save(closed.watch);
      return closed.report;
    });
    if (drift) this.gauges.setDrift(drift);
    return { modelName, drift, performance: await this.performance.execute(modelName, when) };
  }
}
