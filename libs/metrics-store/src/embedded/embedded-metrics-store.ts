import { resolve } from 'node:path';
import { type DuckDBConnection } from '@duckdb/node-api';
import { assertNever, describeError, SystemClock, type Clock, type Measured } from '@headrace/kernel';
import {
  MetricsStore,
  type Aggregation,
  type MetricPoint,
  type MetricQuery,
  type MetricsWriteStatus,
  type SeriesPoint,
} from '../metrics-store.js';
import {
  MetricsStoreClosedError,
  MetricsStoreCorruptError,
  MetricsStoreUnavailableError,
} from '../metrics-store-errors.js';
import { checkQuery, fillSeries, toMeasured, windowStarts } from '../windows.js';
import { WriteBuffer, type BatchOutcome, type WriteBufferOptions } from '../write-buffer.js';
import { openDuckdbFile, type DuckdbFile } from './duckdb-file.js';

export interface EmbeddedMetricsStoreOptions extends WriteBufferOptions {
  readonly clock?: Clock;
  /** Older points disappear. Default 30 days. */
  readonly retentionDays?: number;
}

interface Series {
  readonly id: number;
  readonly measurement: string;
  readonly tags: Readonly<Record<string, string>>;
}

const dayMs = 86_400_000;
const cleanEveryMs = 600_000;

/**
 * Points in one DuckDB file. One process, one machine: the file is locked by the operating system. `kill -9` loses what
 * was not flushed, at most `flushEveryMs` worth of it. Series that differ in any tag are kept for ever; tags with
 * unbounded values do not belong here.
 */
export async function openEmbeddedMetricsStore(
  directory: string,
  options: EmbeddedMetricsStoreOptions = {},
): Promise<EmbeddedMetricsStore> {
  const path = resolve(directory, 'metrics.duckdb');
  const file = await openDuckdbFile(path);
  try {
    const store = new EmbeddedMetricsStore(path, file, options);
    await store.restore();
    return store;
  } catch (error) {
    file.close();
    throw error;
  }
}

export class EmbeddedMetricsStore extends MetricsStore {
  private readonly clock: Clock;
  private readonly retentionMs: number;
  private readonly buffer: WriteBuffer;
  private readonly connection: DuckDBConnection;
  private readonly seriesByKey = new Map<string, Series>();
  private readonly cleaner: NodeJS.Timeout;
  /** DuckDB answers one statement of a connection after the other; this keeps transactions from mixing. */
  private turn: Promise<unknown> = Promise.resolve();
  private written = 0n;
  private closing: Promise<void> | undefined;

  constructor(
    private readonly path: string,
    private readonly file: DuckdbFile,
    options: EmbeddedMetricsStoreOptions,
  ) {
    super();
    this.connection = file.connection;
    this.clock = options.clock ?? new SystemClock();
    this.retentionMs = (options.retentionDays ?? 30) * dayMs;
    this.buffer = new WriteBuffer((points) => this.serial(() => this.store(points)), options);
    this.cleaner = setInterval(() => {
      void this.clean().then(undefined, (error: unknown) => {
        this.buffer.lastFailure = error instanceof Error ? error : new Error(String(error));
      });
    }, cleanEveryMs);
    this.cleaner.unref();
  }

  async restore(): Promise<void> {
    try {
      for (const [id, measurement, tags] of await this.rows('SELECT id, measurement, tags FROM series')) {
        this.remember({
          id: Number(id),
          measurement: String(measurement),
          tags: JSON.parse(String(tags)) as Record<string, string>,
        });
      }
      const [last] = await this.rows('SELECT max(written) FROM points');
      this.written = typeof last?.[0] === 'bigint' ? last[0] : 0n;
    } catch (error) {
      throw new MetricsStoreCorruptError(`${this.path} holds what a metrics store never wrote`, {
        cause: error,
      });
    }
    await this.clean();
  }

  write(points: readonly MetricPoint[]): number {
    this.assertOpen();
    return this.buffer.add(points);
  }

  flush(): Promise<void> {
    if (this.closing !== undefined) return Promise.reject(new MetricsStoreClosedError());
    return this.buffer.flush();
  }

  async aggregate(query: MetricQuery): Promise<Measured<number>> {
    checkQuery(query);
    const sql = `SELECT ${expressionOf(query.aggregation)} FROM (${this.newest(query)}) HAVING count(*) > 0`;
    const [row] = await this.serial(() => this.rows(sql, { field: query.field }));
    return toMeasured(asNumber(row?.[0]));
  }

  async series(query: MetricQuery & { readonly everyMs: number }): Promise<readonly SeriesPoint[]> {
    checkQuery(query);
    const starts = windowStarts(query.from, query.to, query.everyMs);
    const every = query.everyMs;
    // Floor division, also before 1970.
    const slot = `(time - ((time % ${every}) + ${every}) % ${every})`;
    const sql = `SELECT ${slot} AS slot, ${expressionOf(query.aggregation)} FROM (${this.newest(query)}) GROUP BY slot`;
    const values = new Map<number, number>();
    for (const [start, value] of await this.serial(() => this.rows(sql, { field: query.field }))) {
      const number = asNumber(value);
      if (number !== undefined) values.set(Number(start), number);
    }
    return fillSeries(starts, values);
  }

  status(): MetricsWriteStatus {
    return this.buffer.status();
  }

  async check(): Promise<void> {
    await this.serial(() => this.rows('SELECT 1'));
    if (this.buffer.lastFailure !== undefined) throw this.buffer.lastFailure;
  }

  close(): Promise<void> {
    this.closing ??= this.shut();
    return this.closing;
  }

  /** Removes what is older than the retention, and what a later write of the same series and time replaced. */
  clean(): Promise<void> {
    return this.serial(async () => {
      await this.connection.run(`DELETE FROM points WHERE time < ${this.oldest()}`);
      await this.connection.run(`
        DELETE FROM points WHERE rowid IN (
          SELECT rowid FROM points
          QUALIFY row_number() OVER (PARTITION BY series, field, time ORDER BY written DESC) > 1)`);
    });
  }

  private async shut(): Promise<void> {
    this.buffer.stop();
    clearInterval(this.cleaner);
    try {
      await this.buffer.flush();
    } finally {
      await this.turn;
      this.file.close();
    }
  }

  private assertOpen(): void {
    if (this.closing !== undefined) throw new MetricsStoreClosedError();
  }

  /** Each series, time and field once, as it was written last. */
  private newest({ measurement, tags = {}, from, to }: MetricQuery): string {
    const wanted = Object.entries(tags);
    const ids = [...this.seriesByKey.values()]
      .filter(
        (series) =>
          series.measurement === measurement && wanted.every(([name, value]) => series.tags[name] === value),
      )
      .map(({ id }) => id);
    const start = Math.max(from.getTime(), this.oldest());
    return `
      SELECT time, arg_max(value, written) AS value FROM points
      WHERE series IN (${ids.length === 0 ? '-1' : ids.join(',')}) AND field = $field
        AND time >= ${start} AND time < ${to.getTime()}
      GROUP BY series, time`;
  }

  private oldest(): number {
    return this.clock.now().getTime() - this.retentionMs;
  }

  private async store(points: readonly MetricPoint[]): Promise<BatchOutcome> {
    const added: Series[] = [];
    const appendable = points.map((point) => ({ point, series: this.seriesOf(point, added) }));
    try {
      await this.connection.run('BEGIN');
      await this.append('series', added, (row, { id, measurement, tags }) => {
        row.appendInteger(id);
        row.appendVarchar(measurement);
        row.appendVarchar(JSON.stringify(tags));
      });
      await this.append('points', appendable, (row, { point, series }) => {
        this.written += 1n;
        for (const [index, [field, value]] of Object.entries(point.fields).entries()) {
          if (index > 0) row.endRow();
          row.appendInteger(series.id);
          row.appendVarchar(field);
          row.appendBigInt(BigInt(point.time.getTime()));
          row.appendDouble(value);
          row.appendBigInt(this.written);
        }
      });
      await this.connection.run('COMMIT');
      return { written: points.length, failed: 0 };
    } catch (error) {
      // The series of a transaction that failed are not in the file: the next attempt adds them again.
      for (const { measurement, tags } of added) this.seriesByKey.delete(keyOf(measurement, sortTags(tags)));
      await this.rollBack();
      throw new MetricsStoreUnavailableError(`${this.path} cannot be written (${describeError(error)})`, {
        cause: error,
      });
    }
  }

  private async rollBack(): Promise<void> {
    try {
      await this.connection.run('ROLLBACK');
    } catch (error) {
      // A failed COMMIT has ended the transaction already.
      if (!/no transaction/i.test(describeError(error))) throw error;
    }
  }

  private async append<T>(
    table: string,
    items: readonly T[],
    fill: (row: Row, item: T) => void,
  ): Promise<void> {
    if (items.length === 0) return;
    const appender = await this.connection.createAppender(table);
    for (const item of items) {
      fill(appender, item);
      appender.endRow();
    }
    appender.flushSync();
    appender.closeSync();
  }

  private seriesOf({ measurement, tags }: MetricPoint, added: Series[]): Series {
    const ordered = sortTags(tags);
    const known = this.seriesByKey.get(keyOf(measurement, ordered));
    if (known !== undefined) return known;
    const series = { id: this.seriesByKey.size, measurement, tags: ordered };
    this.remember(series);
    added.push(series);
    return series;
  }

  private remember(series: Series): void {
    this.seriesByKey.set(keyOf(series.measurement, series.tags), series);
  }

  private async rows(
    sql: string,
    values: Record<string, string> = {},
  ): Promise<readonly (readonly unknown[])[]> {
    const reader = await this.connection.runAndReadAll(sql, values);
    return reader.getRows();
  }

  private serial<T>(operation: () => Promise<T>): Promise<T> {
    const turn = this.turn.then(operation);
    this.turn = turn.catch(() => undefined);
    return turn;
  }
}

interface Row {
  appendInteger(value: number): void;
  appendVarchar(value: string): void;
  appendBigInt(value: bigint): void;
  appendDouble(value: number): void;
  endRow(): void;
}

function expressionOf(aggregation: Aggregation): string {
  switch (aggregation) {
    case 'mean':
      return 'avg(value)';
    case 'min':
    case 'max':
    case 'sum':
      return `${aggregation}(value)`;
    case 'count':
      return 'count(value)';
    case 'first':
      return 'arg_min(value, time)';
    case 'last':
      return 'arg_max(value, time)';
    default:
      return typeof aggregation === 'object'
        ? `quantile_cont(value, ${aggregation.quantile})`
        : assertNever(aggregation);
  }
}

function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : undefined;
}

function sortTags(tags: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function keyOf(measurement: string, orderedTags: Readonly<Record<string, string>>): string {
  return JSON.stringify([measurement, orderedTags]);
}
