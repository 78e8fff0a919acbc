import { type Cache } from '@headrace/cache';
import { AppError } from '@headrace/kernel';
import { OnlineStore } from '../../application/ports.js';
import { type FeatureView } from '../../domain/feature-view.js';
import { isNewer, type OnlineRow } from '../../domain/online-row.js';

export class OnlineStoreContendedError extends AppError {
  readonly code = 'FEATURE_STORE_ONLINE_CONTENDED';
  readonly kind = 'unavailable';

  constructor(systemId: string) {
    super(`The online row of ${systemId} was replaced concurrently ${maxTries} times in a row; try again`);
  }
}

const maxTries = 20;
const headFields = 4;

/** Stores rows as bytes in the cache and replaces them by compare-and-set, so that an older row never wins a race. */
export class CacheOnlineStore extends OnlineStore {
  constructor(
    private readonly cache: Cache,
    /** Beyond the TTL of every view, to distinguish a stale row from an unknown system. */
    private readonly retentionMs: number,
  ) {
    super();
  }

  async write(view: FeatureView, rows: readonly OnlineRow[]): Promise<void> {
    if (rows.length === 0) return;
    const stored = await this.cache.getMany(rows.map(({ systemId }) => keyOf(view, systemId)));
    await Promise.all(rows.map((row, index) => this.replace(view, row, stored[index])));
  }

  async read(view: FeatureView, systemIds: readonly string[]): Promise<readonly (OnlineRow | undefined)[]> {
    if (systemIds.length === 0) return [];
    const stored = await this.cache.getMany(systemIds.map((systemId) => keyOf(view, systemId)));
    return stored.map((cached, index) =>
      cached === undefined ? undefined : decode(systemIds[index] ?? '', cached.value),
    );
  }

  private async replace(
    view: FeatureView,
    row: OnlineRow,
    seen: { readonly value: Uint8Array; readonly version: string } | undefined,
  ): Promise<void> {
    const key = keyOf(view, row.systemId);
    const write = { key, value: encode(row), ttlMs: this.retentionMs };
    let stored = seen;
    for (let tries = 0; tries < maxTries; tries += 1) {
      if (stored !== undefined && !isNewer(row, decode(row.systemId, stored.value))) return;
      if (await this.cache.compareAndSet(write, stored?.version)) return;
      stored = await this.cache.get(key);
    }
    throw new OnlineStoreContendedError(row.systemId);
  }
}

function keyOf(view: FeatureView, systemId: string): string {
  return `feature-store/online/${view.rule}/${systemId}`;
}

function encode(row: OnlineRow): Uint8Array {
  const valuesAt = headFields;
  const fillAt = valuesAt + row.values.length;
  const numbers = new Float64Array(fillAt + row.fill.length);
  numbers.set([row.eventTime, row.knownTime, row.values.length, row.fill.length]);
  numbers.set(row.values, valuesAt);
  numbers.set(row.fill, fillAt);
  return Buffer.concat([new Uint8Array(numbers.buffer), Buffer.from(row.changedBy)]);
}

function decode(systemId: string, bytes: Uint8Array): OnlineRow {
  // Copied, because stored bytes need not be aligned for an array of numbers.
  const copy = new Uint8Array(bytes);
  const [eventTime = Number.NaN, knownTime = Number.NaN, values = 0, fill = 0] = new Float64Array(
    copy.buffer,
    0,
    headFields,
  );
  const valuesAt = headFields * 8;
  const fillAt = valuesAt + values * 8;
  return {
    systemId,
    eventTime,
    knownTime,
    values: new Float64Array(copy.buffer, valuesAt, values),
    fill: new Float64Array(copy.buffer, fillAt, fill),
    changedBy: new TextDecoder().decode(copy.subarray(fillAt + fill * 8)),
  };
}
