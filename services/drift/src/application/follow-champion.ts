import { championAlias, type AliasChanged } from '@headrace/contracts';
import { Clock } from '@headrace/kernel';
import { type ReceivedEvent } from '@headrace/messaging';
import { Injectable } from '@nestjs/common';
import { switchChampion, newWatch } from '../domain/model-watch.js';
import { DriftRepository } from './ports.js';
import { ReferenceProfiles } from './reference-profiles.js';

/** The champion changed: windows are compared with its reference from now on. */
@Injectable()
export class FollowChampion {
  constructor(
    private readonly store: DriftRepository,
    private readonly profiles: ReferenceProfiles,
    private readonly clock: Clock,
  ) {}

  async execute(event: ReceivedEvent<typeof AliasChanged>): Promise<void> {
    const { modelName, alias, modelVersion, artifacts } = event.payload;
    if (alias !== championAlias) return;
    const reference = artifacts['reference'];
    // Before the unit of work: a broken profile is reported now, not with the first window.
    if (modelVersion !== null) await this.profiles.get(reference);
    await this.store.change(modelName, async (unit) => {
      if (!(await unit.claim('follow-champion', event.id))) return;
      const now = this.clock.now();
      const watch = unit.watch ?? newWatch(modelName, now);
      const champion = modelVersion === null ? undefined : { version: modelVersion, reference };
      await unit.save(switchChampion(watch, champion, now));
    });
  }
}
