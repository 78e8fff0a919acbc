import { FeaturesComputed } from '@headrace/contracts';
import { replay, type EventBus } from '@headrace/messaging';
import { isNewer, type OnlineRow } from '../domain/online-row.js';
import { type Catalog } from './catalog.js';
import { type OnlineStore } from './ports.js';

const rowsPerWrite = 1_000;

/**
 * Fills the online store from the history, for a store that was lost. The stream keeps it filled by itself, and what
 * it wrote since is never replaced by older rows.
 */
export class Materialize {
  constructor(
    private readonly catalog: Catalog,
    private readonly online: OnlineStore,
    private readonly bus: EventBus,
  ) {}

  async execute(until: Date, views: readonly string[] | undefined, from?: Date): Promise<void> {
    for (const view of views === undefined
      ? this.catalog.views
      : views.map((name) => this.catalog.view(name))) {
      const newest = new Map<string, OnlineRow>();
      for await (const { payload } of replay(this.bus, FeaturesComputed)) {
        const eventTime = Date.parse(payload.eventTime);
        if (payload.view !== view.name || payload.viewVersion !== view.version) continue;
        if (eventTime > until.getTime() || (from !== undefined && eventTime < from.getTime())) continue;
        const row: OnlineRow = {
          systemId: payload.systemId,
          eventTime,
          knownTime: Date.parse(payload.knownTime),
          changedBy: payload.readingId,
          values: Float64Array.from(view.featureNames, (name) => payload.features[name] ?? Number.NaN),
          fill: new Float64Array(view.layout.windowMinutes.length).fill(Number.NaN),
        };
        const kept = newest.get(payload.systemId);
        if (kept === undefined || isNewer(row, kept)) newest.set(payload.systemId, row);
      }
      const rows = [...newest.values()];
      for (let start = 0; start < rows.length; start += rowsPerWrite) {
        await this.online.write(view, rows.slice(start, start + rowsPerWrite));
      }
    }
  }
}
