import { championAlias, type AliasChanged } from '@headrace/contracts';
import { Clock } from '@headrace/kernel';
import { type ReceivedEvent } from '@headrace/messaging';
import { Injectable } from '@nestjs/common';
import { switchChampion, newWatch } from '../domain/model-watch.js';
import { DriftRepository } from './ports.js';
import { ReferenceProfiles } from './reference-profiles.js';

/** Compares windows with the reference of the new champion from now on. */
@Injectable()
export class FollowChampion {
  constructor(
    private readonly repository: DriftRepository,
    private readonly profiles: ReferenceProfiles,
    private readonly clock: Clock,
  ) {}

  async execute(event: ReceivedEvent<typeof AliasChanged>): Promise<void> {
    const { modelName, alias, modelVersion, artifacts } = event.payload;
    if (alias !== championAlias) return;
    const reference = artifacts['reference'];
    // Loaded before the unit of work, so that a broken profile is reported now and not with the first window.
    if (modelVersion !== null) await this.profiles.get(reference);
    await this.repository.change(modelName, async (unit) => {
      if (!(await unit.claim('follow-champion', event.id))) return;
      const now = this.clock.now();
      const watch = unit.watch ?? newWatch(modelName, now);
      const champion = modelVersion === null ? undefined : { version: modelVersion, reference };
      await unit.save(switchChampion(watch, champion, now));
    });
  }
}
