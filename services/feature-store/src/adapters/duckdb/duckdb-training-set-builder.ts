import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { DuckDBInstance, DuckDBTimestampValue, type DuckDBConnection } from '@duckdb/node-api';
import { FeaturesComputed, OutcomeObserved } from '@headrace/contracts';
import { EventBus, replay } from '@headrace/messaging';
import { ObjectStore } from '@headrace/object-store';
import { Injectable } from '@nestjs/common';
import {
  TrainingSetBuilder,
  type TrainingSetObject,
  type TrainingSetQuery,
} from '../../application/ports.js';
import { quoteIdentifier } from '../../domain/windows/window-sql.js';

const rowsPerTurn = 2_000;

/**
 * Builds training sets from the log. The rows are those that were served, not recomputed ones: for each system and
 * instant the one that was known first, so that a later backfill or correction never changes an old row. One thread and
 * a total order make the bytes, and with them the digest, a function of the history.
 */
@Injectable()
export class DuckDbTrainingSetBuilder extends TrainingSetBuilder {
  constructor(
    private readonly bus: EventBus,
    private readonly objects: ObjectStore,
  ) {
    super();
  }

  async build(query: TrainingSetQuery): Promise<TrainingSetObject | undefined> {
    const directory = await mkdtemp(join(tmpdir(), 'headrace-training-set-'));
    const instance = await DuckDBInstance.create(join(directory, 'work.duckdb'), {
      threads: '1',
      memory_limit: '1GB',
    });
    const connection = await instance.connect();
    try {
      await this.loadFeatures(connection, query);
      await this.loadOutcomes(connection, query);
      const file = join(directory, 'set.parquet');
      const summary = await writeSet(connection, query, file);
      if (summary.rows === 0) return undefined;
      const digest = await computeFileDigest(file);
      const key = `training-sets/${query.view.rule}/${query.label}/${digest.slice('sha256:'.length)}.parquet`;
      const stored =
        (await this.objects.head(key)) ?? (await this.objects.putStream(key, createReadStream(file)));
      return { key, digest: stored.digest, ...summary };
    } finally {
      connection.closeSync();
      instance.closeSync();
      await rm(directory, { recursive: true, force: true });
    }
  }

  private async loadFeatures(connection: DuckDBConnection, query: TrainingSetQuery): Promise<void> {
    const { view } = query;
    const columns = view.featureNames.map((name) => `${quoteIdentifier(name)} DOUBLE`).join(', ');
    await connection.run(
      `CREATE TABLE features (sequence BIGINT, system_id VARCHAR, event_time TIMESTAMP, known_time TIMESTAMP, ${columns})`,
    );
    const appender = await connection.createAppender('features');
    let sequence = 0;
    for await (const { payload } of replay(this.bus, FeaturesComputed)) {
      if (payload.view !== view.name || payload.viewVersion !== view.version) continue;
      const eventTime = Date.parse(payload.eventTime);
      const knownTime = Date.parse(payload.knownTime);
      if (!isWithin(query, eventTime, knownTime)) continue;
      sequence += 1;
      appender.appendBigInt(BigInt(sequence));
      appender.appendVarchar(payload.systemId);
      appender.appendTimestamp(toTimestamp(eventTime));
      appender.appendTimestamp(toTimestamp(knownTime));
      for (const name of view.featureNames) {
        const value = payload.features[name] ?? null;
        if (value === null) appender.appendNull();
        else appender.appendDouble(value);
      }
      appender.endRow();
      if (sequence % rowsPerTurn === 0) await nextTurn();
    }
    appender.closeSync();
  }

  private async loadOutcomes(connection: DuckDBConnection, query: TrainingSetQuery): Promise<void> {
    await connection.run(
      'CREATE TABLE outcomes (sequence BIGINT, system_id VARCHAR, event_time TIMESTAMP, known_time TIMESTAMP, label DOUBLE)',
    );
    const appender = await connection.createAppender('outcomes');
    let sequence = 0;
    for await (const { payload, time } of replay(this.bus, OutcomeObserved)) {
      const eventTime = Date.parse(payload.eventTime);
      if (payload.label !== query.label || !isWithin(query, eventTime, time.getTime())) continue;
      sequence += 1;
      appender.appendBigInt(BigInt(sequence));
      appender.appendVarchar(payload.systemId);
      appender.appendTimestamp(toTimestamp(eventTime));
      appender.appendTimestamp(toTimestamp(time.getTime()));
      appender.appendDouble(payload.value);
      appender.endRow();
      if (sequence % rowsPerTurn === 0) await nextTurn();
    }
    appender.closeSync();
  }
}

interface SetSummary {
  readonly rows: number;
  readonly positives: number;
  readonly from: Date | undefined;
  readonly to: Date | undefined;
}

async function writeSet(
  connection: DuckDBConnection,
  { view }: TrainingSetQuery,
  file: string,
): Promise<SetSummary> {
  const names = view.featureNames.map((name) => `f.${quoteIdentifier(name)}`).join(', ');
  const firstKnown =
    'QUALIFY row_number() OVER (PARTITION BY system_id, event_time ORDER BY known_time, sequence) = 1';
  await connection.run(`
    CREATE TABLE training_set AS
    WITH f AS (SELECT * FROM features ${firstKnown}), o AS (SELECT * FROM outcomes ${firstKnown})
    SELECT f.system_id, f.event_time, f.known_time, ${names}, o.label
    FROM f JOIN o ON o.system_id = f.system_id AND o.event_time = f.event_time
    ORDER BY f.event_time, f.system_id`);
  await connection.run(
    `COPY (SELECT * FROM training_set ORDER BY event_time, system_id) TO '${file.replaceAll("'", "''")}' (FORMAT parquet, COMPRESSION zstd)`,
  );
  const reader = await connection.runAndReadAll(
    `SELECT count(*)::INTEGER, coalesce(sum(CASE WHEN label > 0 THEN 1 ELSE 0 END), 0)::INTEGER,
      epoch_ms(min(event_time))::DOUBLE, epoch_ms(max(event_time))::DOUBLE FROM training_set`,
  );
  const [rows, positives, from, to] = reader.getRows()[0] ?? [];
  return {
    rows: Number(rows),
    positives: Number(positives),
    from: typeof from === 'number' ? new Date(from) : undefined,
    to: typeof to === 'number' ? new Date(to) : undefined,
  };
}

function isWithin({ from, to, asOf }: TrainingSetQuery, eventTime: number, knownTime: number): boolean {
  return (
    (from === undefined || eventTime >= from.getTime()) &&
    (to === undefined || eventTime <= to.getTime()) &&
    (asOf === undefined || knownTime <= asOf.getTime())
  );
}

function toTimestamp(milliseconds: number): DuckDBTimestampValue {
  return new DuckDBTimestampValue(BigInt(Math.round(milliseconds * 1_000)));
}

async function computeFileDigest(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return `sha256:${hash.digest('hex')}`;
}
