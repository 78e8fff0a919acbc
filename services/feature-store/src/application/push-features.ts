import { AppError, Clock } from '@headrace/kernel';
import { Injectable } from '@nestjs/common';
import { changedByPush, type OnlineRow } from '../domain/online-row.js';
import { Catalog } from './catalog.js';
import { OnlineStore } from './ports.js';

export class PushSourceNotFoundError extends AppError {
  readonly code = 'FEATURE_STORE_PUSH_SOURCE_UNKNOWN';
  readonly kind = 'not-found';

  constructor(name: string, existing: readonly string[]) {
    super(`There is no push source "${name}"; there are: ${existing.join(', ') || 'none'}`);
  }
}

export class PushedRowInvalidError extends AppError {
  readonly code = 'FEATURE_STORE_PUSHED_ROW_INVALID';
  readonly kind = 'invalid';
}

/** Columns of equal length, as a client's data frame travels. */
export type PushedColumns = Readonly<Record<string, readonly unknown[]>>;

/** Writes rows that were computed elsewhere to the online store. Older rows never replace newer ones. */
@Injectable()
export class PushFeatures {
  constructor(
    private readonly catalog: Catalog,
    private readonly online: OnlineStore,
    private readonly clock: Clock,
  ) {}

  async execute(pushSource: string, columns: PushedColumns): Promise<void> {
    const view = this.catalog.views.find(({ declaration }) => declaration.pushSource === pushSource);
    if (view === undefined) {
      const existing = this.catalog.views.flatMap(({ declaration }) => declaration.pushSource ?? []);
      throw new PushSourceNotFoundError(pushSource, existing);
    }
    const { system_id: ids, event_timestamp: times, ...features } = columns;
    if (ids === undefined || times === undefined) {
      throw new PushedRowInvalidError('A pushed row needs the columns system_id and event_timestamp');
    }
    for (const [name, values] of Object.entries(columns)) {
      if (values.length !== ids.length) {
        throw new PushedRowInvalidError(
          `The column ${name} has ${values.length} values, system_id has ${ids.length}`,
        );
      }
      if (name in features && !view.featureNames.includes(name) && name !== 'created') {
        throw new PushedRowInvalidError(`The view ${view.name} has no feature "${name}"`);
      }
    }
    const knownTime = this.clock.now().getTime();
    const rows = ids.map((id, row): OnlineRow => {
      const systemId = String(id);
      const eventTime = toInstant(times[row], row);
      return {
        systemId,
        eventTime,
        knownTime,
        changedBy: changedByPush(pushSource, systemId, eventTime),
        values: Float64Array.from(view.featureNames, (name) => toNumber(features[name]?.[row], name, row)),
        fill: new Float64Array(view.layout.windowMinutes.length).fill(Number.NaN),
      };
    });
    await this.online.write(view, rows);
  }
}

function toInstant(value: unknown, row: number): number {
  const time =
    typeof value === 'number' ? value : typeof value === 'string' ? parseInstant(value) : Number.NaN;
  if (Number.isFinite(time)) return time;
  throw new PushedRowInvalidError(
    `event_timestamp of row ${row} is not an instant: ${JSON.stringify(value)}; write it as 2026-11-23T10:00:00Z`,
  );
}

/** A time without a zone is UTC, as in data frames. */
function parseInstant(text: string): number {
  return Date.parse(/(Z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text.replace(' ', 'T')}Z`);
}

function toNumber(value: unknown, name: string, row: number): number {
  if (value === undefined || value === null) return Number.NaN;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'number') return value;
  throw new PushedRowInvalidError(`${name} of row ${row} is not a number: ${JSON.stringify(value)}`);
}
