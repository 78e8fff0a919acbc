import { type FeaturesComputed } from '@headrace/contracts';
import { Clock } from '@headrace/kernel';
import { type ReceivedEvent } from '@headrace/messaging';
import { Injectable } from '@nestjs/common';
import { advancePositions, isCounted, isDue, type ModelWatch, openWindow } from '../domain/model-watch.js';
import { CloseWindow } from './close-window.js';
import { DriftGauges } from './drift-gauges.js';
import { DriftPolicies } from './drift-policies.js';
import { type DriftReport, DriftRepository } from './ports.js';
import { ReferenceProfiles } from './reference-profiles.js';

/** Counts feature rows into the open window of every model that has a champion, and closes windows that are full. */
@Injectable()
export class CountFeatures {
  constructor(
    private readonly repository: DriftRepository,
    private readonly profiles: ReferenceProfiles,
    private readonly policies: DriftPolicies,
    private readonly closeWindow: CloseWindow,
    private readonly gauges: DriftGauges,
    private readonly clock: Clock,
  ) {}

  async execute(events: readonly ReceivedEvent<typeof FeaturesComputed>[]): Promise<void> {
    for (const modelName of await this.repository.findModelNames()) {
      await this.countForModel(modelName, events);
    }
  }

  private async countForModel(
    modelName: string,
    events: readonly ReceivedEvent<typeof FeaturesComputed>[],
  ): Promise<void> {
    const champion = (await this.repository.findWatch(modelName))?.champion;
    if (!champion) return;
    const loaded = await this.profiles.get(champion.reference);
    if (loaded.kind === 'missing') return;
    const policy = this.policies.findFor(modelName);
    const reports = await this.repository.change(modelName, async (unit) => {
      const closed: DriftReport[] = [];
      let watch = unit.watch;
      // Another process may have switched the champion meanwhile; these rows are then counted against the new one.
      if (watch?.champion?.reference?.digest !== champion.reference?.digest || !watch) return undefined;
      const fresh = events.filter(({ position }) => watch !== undefined && !isCounted(watch, position));
      let window = openWindow(watch, loaded.profile);
      for (const { id, payload } of fresh) {
        window.countFeatures({ ...payload, id });
        if (window.rowCount < policy.value.window.rows) continue;
        const full: ModelWatch = { ...watch, window: window.toState() };
        if (!full.champion) break;
        const result = await this.closeWindow.execute(
          unit,
          { ...full, champion: full.champion },
          loaded,
          policy,
        );
        closed.push(result.report);
        watch = result.watch;
        window = openWindow(watch, loaded.profile);
      }
      watch = {
        ...watch,
        window: window.toState(),
        positions: advancePositions(watch, events.at(-1)?.position),
      };
      if (isDue(watch, policy.value, this.clock.now()) && watch.champion) {
        const result = await this.closeWindow.execute(
          unit,
          { ...watch, champion: watch.champion },
          loaded,
          policy,
        );
        closed.push(result.report);
        watch = result.watch;
      }
      await unit.save(watch);
      return closed;
    });
    if (reports === undefined) return this.countForModel(modelName, events);
    for (const report of reports) this.gauges.setDrift(report);
  }
}
