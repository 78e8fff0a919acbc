import { type ReadingAccepted } from '@headrace/contracts';
import { type ReceivedEvent } from '@headrace/messaging';
import { type ComputeFeatures } from './compute-features.js';

/** Computes every declared view over the same readings. */
export class ComputeViews {
  constructor(private readonly views: readonly ComputeFeatures[]) {}

  async execute(readings: readonly ReceivedEvent<typeof ReadingAccepted>[]): Promise<void> {
    for (const view of this.views) await view.execute(readings);
  }
}
