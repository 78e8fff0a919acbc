import { flux, HttpError, InfluxDB, Point, toFluxValue, type QueryApi } from '@influxdata/influxdb-client';
import {
  assertNever,
  describeError,
  isAppError,
  SystemClock,
  type AppError,
  type Clock,
  type Measured,
} from '@headrace/kernel';
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
  MetricsStoreRefusedError,
  MetricsStoreUnavailableError,
} from '../metrics-store-errors.js';
import { checkQuery, fillSeries, toMeasured, windowStarts } from '../windows.js';
import { WriteBuffer, type BatchOutcome, type WriteBufferOptions } from '../write-buffer.js';
import { BucketApi } from './bucket-api.js';

export interface InfluxConfig extends WriteBufferOptions {
  readonly url: string;
  readonly token: string;
  readonly org: string;
  readonly bucket: string;
  /** Default 30 days; at least an hour. The bucket gets this retention, also when it exists with another one. */
  readonly retentionDays?: number;
  /** A server that does not answer within this time counts as down. Default 10 s. */
  readonly timeoutMs?: number;
  readonly clock?: Clock;
}

const dayMs = 86_400_000;

/**
 * InfluxDB 2. The client's own write buffer is not used: it drops points in silence after some retries, and neither its
 * `flush` nor its `close` waits for batches that left because they were full. Here a batch is one awaited request.
 * The bucket is made, and its retention set, at the first use; a server that is down then is tried again.
 */
export function openInfluxMetricsStore(config: InfluxConfig): InfluxMetricsStore {
  return new InfluxMetricsStore(config);
}

export class InfluxMetricsStore extends MetricsStore {
  private readonly clock: Clock;
  private readonly retentionMs: number;
  private readonly timeoutMs: number;
  private readonly buffer: WriteBuffer;
  private readonly client: InfluxDB;
  private readonly queries: QueryApi;
  private bucketReady: Promise<void> | undefined;
  private closing: Promise<void> | undefined;

  constructor(private readonly config: InfluxConfig) {
    super();
    this.clock = config.clock ?? new SystemClock();
    this.retentionMs = Math.max(3_600_000, Math.round((config.retentionDays ?? 30) * dayMs));
    this.timeoutMs = config.timeoutMs ?? 10_000;
    this.client = new InfluxDB({ url: config.url, token: config.token, timeout: this.timeoutMs });
    this.queries = this.client.getQueryApi(config.org);
    this.buffer = new WriteBuffer((points) => this.store(points), config);
  }

  write(points: readonly MetricPoint[]): number {
    if (this.closing !== undefined) throw new MetricsStoreClosedError();
    return this.buffer.add(points);
  }

  flush(): Promise<void> {
    if (this.closing !== undefined) return Promise.reject(new MetricsStoreClosedError());
    return this.buffer.flush();
  }

  async aggregate(query: MetricQuery): Promise<Measured<number>> {
    checkQuery(query);
    const source = this.source(query);
    if (source === undefined) return { kind: 'no-data' };
    const [row] = await this.ask(`${source} |> ${aggregatorOf(query.aggregation)}`);
    return toMeasured(row?._value);
  }

  async series(query: MetricQuery & { readonly everyMs: number }): Promise<readonly SeriesPoint[]> {
    checkQuery(query);
    const starts = windowStarts(query.from, query.to, query.everyMs);
    const source = this.source(query);
    const values = new Map<number, number>();
    if (source === undefined) return fillSeries(starts, values);
    const rows = await this.ask(
      `${source} |> window(every: ${query.everyMs}ms, createEmpty: false) |> ${aggregatorOf(query.aggregation)}`,
    );
    // The first window of a range begins with the range; ours begin with the epoch.
    for (const { _start, _value } of rows) {
      const start = Math.floor(new Date(_start).getTime() / query.everyMs) * query.everyMs;
      values.set(start, _value);
    }
    return fillSeries(starts, values);
  }

  status(): MetricsWriteStatus {
    return this.buffer.status();
  }

  async check(): Promise<void> {
    await this.provideBucket();
    if (this.buffer.lastFailure !== undefined && this.buffer.status().buffered > 0) {
      throw this.buffer.lastFailure;
    }
  }

  close(): Promise<void> {
    this.closing ??= this.shut();
    return this.closing;
  }

  private async shut(): Promise<void> {
    this.buffer.stop();
    try {
      await this.buffer.flush();
    } finally {
      this.buffer.abandon();
    }
  }

  /** Undefined: all of the range is older than the retention. Retention works in the server by shards, here exactly. */
  private source({ measurement, field, tags = {}, from, to }: MetricQuery): string | undefined {
    const start = new Date(Math.max(from.getTime(), this.clock.now().getTime() - this.retentionMs));
    if (start.getTime() >= to.getTime()) return undefined;
    const conditions = [
      `r._measurement == ${toFluxValue(measurement)}`,
      `r._field == ${toFluxValue(field)}`,
      ...Object.entries(tags).map(([name, value]) => `r[${toFluxValue(name)}] == ${toFluxValue(value)}`),
    ];
    return flux`from(bucket: ${this.config.bucket})
      |> range(start: ${start}, stop: ${to})`
      .toString()
      .concat(
        ` |> filter(fn: (r) => ${conditions.join(' and ')})`,
        ' |> toFloat() |> group() |> sort(columns: ["_time"])',
      );
  }

  private async ask(query: string): Promise<readonly { readonly _start: string; readonly _value: number }[]> {
    if (this.closing !== undefined) throw new MetricsStoreClosedError();
    await this.provideBucket();
    try {
      return await this.queries.collectRows<{ _start: string; _value: number }>(query);
    } catch (error) {
      throw this.translate(error);
    }
  }

  private async store(points: readonly MetricPoint[]): Promise<BatchOutcome> {
    await this.provideBucket();
    const { org, bucket } = this.config;
    const lines = points.flatMap((point) => toLine(point) ?? []);
    try {
      await this.send(org, bucket, lines);
      return { written: points.length, failed: 0 };
    } catch (error) {
      if (!(error instanceof HttpError) || ![400, 413, 422].includes(error.statusCode)) {
        throw this.translate(error);
      }
      return this.isolate(points, error);
    }
  }

  /** Halves a batch that the server refused, so that one bad point does not take the others with it. */
  private async isolate(points: readonly MetricPoint[], refusal: HttpError): Promise<BatchOutcome> {
    const reason = new MetricsStoreRefusedError(`InfluxDB refused points (${describeError(refusal)})`, {
      cause: refusal,
    });
    if (points.length <= 1) return { written: 0, failed: points.length, reason };
    const middle = Math.ceil(points.length / 2);
    const first = await this.store(points.slice(0, middle));
    const second = await this.store(points.slice(middle));
    return { written: first.written + second.written, failed: first.failed + second.failed, reason };
  }

  /** Larger than any batch and without retries: the one request happens in `flush`, and its outcome is ours. */
  private async send(org: string, bucket: string, lines: readonly string[]): Promise<void> {
    const api = this.client.getWriteApi(org, bucket, 'ms', {
      batchSize: lines.length + 1,
      flushInterval: 0,
      maxRetries: 0,
      maxBufferLines: lines.length + 1,
      // A promise of ours is taken for the outcome; without it the client writes to the console.
      writeFailed: (error) => Promise.reject(error),
    });
    let failure: Error | undefined;
    api.writeRecords([...lines]);
    try {
      await api.flush(false);
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
    }
    await api.close().catch((error: unknown) => {
      failure ??= error instanceof Error ? error : new Error(String(error));
    });
    if (failure !== undefined) throw failure;
  }

  private provideBucket(): Promise<void> {
    this.bucketReady ??= new BucketApi(this.config, this.timeoutMs)
      .provide(Math.ceil(this.retentionMs / 1000))
      .catch((error: unknown) => {
        this.bucketReady = undefined;
        throw isAppError(error) ? error : this.translate(error);
      });
    return this.bucketReady;
  }

  private translate(error: unknown): AppError {
    if (isAppError(error)) return error;
    const status = error instanceof HttpError ? error.statusCode : undefined;
    const where = `InfluxDB at ${this.config.url}`;
    // A bucket that somebody deleted is made again at the next call.
    if (status === 404) this.bucketReady = undefined;
    if (status !== undefined && status >= 400 && status < 500 && ![404, 408, 429].includes(status)) {
      return new MetricsStoreRefusedError(`${where} refused with ${status} (${describeError(error)})`, {
        cause: error,
      });
    }
    return new MetricsStoreUnavailableError(`${where} cannot be used now (${describeError(error)})`, {
      cause: error,
    });
  }
}

function toLine({ measurement, tags, fields, time }: MetricPoint): string | undefined {
  const point = new Point(measurement).timestamp(time.getTime());
  for (const [name, value] of Object.entries(tags)) if (value !== '') point.tag(name, value);
  for (const [name, value] of Object.entries(fields)) point.floatField(name, value);
  return point.toLineProtocol();
}

function aggregatorOf(aggregation: Aggregation): string {
  switch (aggregation) {
    case 'mean':
    case 'min':
    case 'max':
    case 'sum':
    case 'first':
    case 'last':
      return `${aggregation}()`;
    case 'count':
      return 'count() |> toFloat()';
    default:
      return typeof aggregation === 'object'
        ? `quantile(q: ${floatLiteral(aggregation.quantile)}, method: "exact_mean")`
        : assertNever(aggregation);
  }
}

/** Flux distinguishes 1 from 1.0. */
function floatLiteral(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : value.toFixed(12);
}
