import { setImmediate as nextTurn } from 'node:timers/promises';
import { DuckDBInstance, type DuckDBAppender, type DuckDBConnection } from '@duckdb/node-api';
import { FeaturesComputed, ReadingAccepted, type PayloadOf } from '@headrace/contracts';
import { replay, type EventBus, type ReceivedEvent } from '@headrace/messaging';
import { ParityCheck, type ParityResult } from '../../application/ports.js';
import { type FeatureView } from '../../domain/feature-view.js';
import { readingHash } from '../../domain/reading-hash.js';
import { readingsTable, buildRecomputation, samplesTable } from './build-recomputation.js';

type Served = PayloadOf<typeof FeaturesComputed>;

/** A served row and what had arrived of its system by then. */
interface Sample {
  readonly served: Served;
  readonly eventTime: number;
  readonly sequence: number;
  readonly newest: number;
}

const minuteMs = 60_000;
const rowsPerTurn = 2_000;
const tolerance = 1e-6;

/**
 * Recomputes a sample of served rows by SQL over the replayed readings. A row is compared with the readings that had
 * arrived when it was served, in log order; a row whose windows reach back before the replayed readings is left out.
 */
export class DuckDbParityCheck extends ParityCheck {
  constructor(
    private readonly bus: EventBus,
    private readonly sampleSize: number,
  ) {
    super();
  }

  async measure(view: FeatureView, from: Date, to: Date): Promise<ParityResult> {
    const served = await this.sampleServed(view, from, to);
    if (served.size === 0) return { rows: 0, mismatches: 0, maxDifference: undefined, from, to };
    const instance = await DuckDBInstance.create(':memory:', { threads: '1', memory_limit: '1GB' });
    const connection = await instance.connect();
    try {
      const samples = await this.loadReadings(connection, view, served, from);
      const compared = await compareSamples(connection, view, samples);
      return { ...compared, from, to };
    } finally {
      connection.closeSync();
      instance.closeSync();
    }
  }

  /** Takes the rows with the smallest hashes, so that the sample is deterministic. */
  private async sampleServed(view: FeatureView, from: Date, to: Date): Promise<Map<string, Served>> {
    let sample: { readonly hash: number; readonly served: Served }[] = [];
    for await (const { payload } of replay(this.bus, FeaturesComputed, { time: from })) {
      if (payload.view !== view.name || payload.viewVersion !== view.version) continue;
      if (Date.parse(payload.knownTime) > to.getTime()) continue;
      sample.push({ hash: readingHash(payload.featuresId), served: payload });
      if (sample.length > this.sampleSize * 4) sample = takeMinHashes(sample, this.sampleSize);
    }
    return new Map(
      takeMinHashes(sample, this.sampleSize).map(({ served }) => [served.readingId, served] as const),
    );
  }

  private async loadReadings(
    connection: DuckDBConnection,
    view: FeatureView,
    served: ReadonlyMap<string, Served>,
    from: Date,
  ): Promise<readonly Sample[]> {
    const { columns } = view.layout;
    await connection.run(readingsTable(columns));
    const systems = new Set([...served.values()].map(({ systemId }) => systemId));
    const maxMinutes = Math.max(...view.layout.windowMinutes);
    const lookBackMs = (maxMinutes + 2 * view.layout.latenessMinutes) * minuteMs;
    const appender = await connection.createAppender('readings');
    const samples: Sample[] = [];
    const begins = new Map<string, { readonly covered: boolean; readonly at: number }>();
    const newest = new Map<string, number>();
    const wholePartitions = new Map<number, boolean>();
    let sequence = 0;
    for await (const event of replay(this.bus, ReadingAccepted, {
      time: new Date(from.getTime() - lookBackMs),
    })) {
      const { payload, position } = event;
      if (!wholePartitions.has(position.partition)) {
        wholePartitions.set(position.partition, position.offset === 0n);
      }
      if (!systems.has(payload.systemId)) continue;
      const at = Date.parse(payload.eventTime);
      const begin = begins.get(payload.systemId) ?? {
        covered: wholePartitions.get(position.partition) === true,
        at,
      };
      begins.set(payload.systemId, begin);
      newest.set(payload.systemId, Math.max(at, newest.get(payload.systemId) ?? at));
      sequence += 1;
      appendReading(appender, event, sequence, at, columns);
      const row = served.get(payload.readingId);
      const isCovered =
        begin.covered || at - (maxMinutes + view.layout.latenessMinutes) * minuteMs >= begin.at;
      if (row !== undefined && isCovered && !samples.some((sample) => sample.served === row)) {
        samples.push({ served: row, eventTime: at, sequence, newest: newest.get(payload.systemId) ?? at });
      }
      if (sequence % rowsPerTurn === 0) await nextTurn();
    }
    appender.closeSync();
    return samples;
  }
}

function takeMinHashes<Row extends { readonly hash: number }>(rows: readonly Row[], count: number): Row[] {
  return [...rows].sort((a, b) => a.hash - b.hash).slice(0, count);
}

function appendReading(
  appender: DuckDBAppender,
  { payload }: ReceivedEvent<typeof ReadingAccepted>,
  sequence: number,
  at: number,
  columns: readonly string[],
): void {
  appender.appendBigInt(BigInt(sequence));
  appender.appendVarchar(payload.systemId);
  appender.appendBigInt(BigInt(at));
  appender.appendBigInt(BigInt(Date.parse(payload.knownTime)));
  for (const column of columns) {
    const value = payload.values[column] ?? null;
    if (value === null) appender.appendNull();
    else appender.appendDouble(value);
  }
  appender.endRow();
}

async function compareSamples(
  connection: DuckDBConnection,
  view: FeatureView,
  samples: readonly Sample[],
): Promise<Pick<ParityResult, 'rows' | 'mismatches' | 'maxDifference'>> {
  if (samples.length === 0) return { rows: 0, mismatches: 0, maxDifference: undefined };
  await connection.run(samplesTable);
  const appender = await connection.createAppender('samples');
  for (const [index, { served, eventTime, sequence }] of samples.entries()) {
    appender.appendInteger(index);
    appender.appendVarchar(served.systemId);
    appender.appendBigInt(BigInt(eventTime));
    appender.appendBigInt(BigInt(sequence));
    appender.endRow();
  }
  appender.closeSync();
  const { names, sql } = buildRecomputation(view);
  const reader = await connection.runAndReadAll(sql);
  let mismatches = 0;
  let maxDifference = 0;
  for (const [index, ...values] of reader.getRows()) {
    const sample = samples[Number(index)];
    if (sample === undefined) continue;
    let isEqual = true;
    for (const [column, { name, minutes, isDerived }] of names.entries()) {
      const served = sample.served.features[name] ?? null;
      const isThere = isAnswerable(view, sample, minutes);
      if (isDerived && !isThere) continue;
      const difference = relativeDifference(served, isThere ? values[column] : null);
      if (Number.isFinite(difference)) maxDifference = Math.max(maxDifference, difference);
      if (!(difference <= tolerance)) isEqual = false;
    }
    if (!isEqual) mismatches += 1;
  }
  return { rows: samples.length, mismatches, maxDifference };
}

/** For a very late reading, long windows reach back before the rows that the stream keeps, and are served as null. */
function isAnswerable(view: FeatureView, sample: Sample, minutes: number | undefined): boolean {
  if (minutes === undefined) return true;
  const { windowMinutes, latenessMinutes } = view.layout;
  const horizon = sample.newest - (Math.max(...windowMinutes) + latenessMinutes) * minuteMs;
  return sample.eventTime - minutes * minuteMs >= horizon;
}

/** Relative to the larger of the two; infinite when only one of them is present. */
function relativeDifference(served: number | null, recomputed: unknown): number {
  if (typeof recomputed !== 'number') return served === null ? 0 : Number.POSITIVE_INFINITY;
  if (served === null) return Number.POSITIVE_INFINITY;
  return Math.abs(served - recomputed) / Math.max(1, Math.abs(served), Math.abs(recomputed));
}
