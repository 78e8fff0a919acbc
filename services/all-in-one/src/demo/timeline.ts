import { type EventDefinition, type PayloadOf } from '@headrace/contracts';
import { type TimelineEntry } from '../follow-timeline.js';

/** The decisions so far, and a way to wait for one that is still to come. */
export class Timeline {
  readonly entries: TimelineEntry[] = [];
  private readonly waiting = new Set<() => void>();

  add(entry: TimelineEntry): void {
    this.entries.push(entry);
    for (const look of this.waiting) look();
  }

  /** The first event of this kind, at `from` or later in the timeline, that fits; rejects after `withinMs`. */
  async waitFor<Definition extends EventDefinition>(
    definition: Definition,
    fits: (payload: PayloadOf<Definition>) => boolean,
    {
      from = 0,
      withinMs,
      what,
    }: { readonly from?: number; readonly withinMs: number; readonly what: string },
  ): Promise<PayloadOf<Definition>> {
    const find = (): PayloadOf<Definition> | undefined =>
      this.entries
        .slice(from)
        .filter((entry) => entry.type === definition.type)
        .map((entry) => entry.payload as PayloadOf<Definition>)
        .find(fits);
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = find();
        if (found === undefined) return;
        finish();
        resolve(found);
      };
      const timer = setTimeout(() => {
        finish();
        reject(new Error(`${what} did not happen within ${Math.round(withinMs / 1000)} s`));
      }, withinMs);
      const finish = (): void => {
        clearTimeout(timer);
        this.waiting.delete(look);
      };
      this.waiting.add(look);
      look();
    });
  }
}
