import { FeaturesComputed } from '@headrace/contracts';
import { EventBus, replay } from '@headrace/messaging';
import { Injectable } from '@nestjs/common';
import { isNewer, type OnlineRow } from '../domain/online-row.js';
import { Catalog } from './catalog.js';
import { OnlineStore } from './ports.js';

const rowsPerWrite = 1_000;

/**
 * Fills the online store from the history, after the store was lost. The stream keeps it up to date by itself; the rows
 * it has written since are never replaced by older ones.
 */
@Injectable()
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
        const current = newest.get(payload.systemId);
        if (current === undefined || isNewer(row, current)) newest.set(payload.systemId, row);
      }
      const rows = [...newest.values()];
      for (let start = 0; start < rows.length; start += rowsPerWrite) {
        await this.online.write(view, rows.slice(start, start + rowsPerWrite));
      }
    }
  }
}
