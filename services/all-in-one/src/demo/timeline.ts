import { type EventDefinition, type PayloadOf } from '@headrace/contracts';
import { type TimelineEntry } from '../follow-timeline.js';

/** The decisions so far, and a way to wait for a future one. */
export class Timeline {
  readonly entries: TimelineEntry[] = [];
  private readonly waiting = new Set<() => void>();

  add(entry: TimelineEntry): void {
    this.entries.push(entry);
    for (const check of this.waiting) check();
  }

  /** Resolves to the first matching event at index `from` or later. Rejects after `withinMs`. */
  async waitFor<Definition extends EventDefinition>(
    definition: Definition,
    matches: (payload: PayloadOf<Definition>) => boolean,
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
        .find(matches);
    return new Promise((resolve, reject) => {
      const check = (): void => {
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
        this.waiting.delete(check);
      };
      this.waiting.add(check);
      check();
    });
  }
}
