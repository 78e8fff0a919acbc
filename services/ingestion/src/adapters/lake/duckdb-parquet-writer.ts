import { randomUUID } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { type PayloadOf, type ReadingAccepted } from '@headrace/contracts';
import { ParquetWriter } from '../../application/ports.js';

const fixed = {
  reading_id: 'VARCHAR',
  system_id: 'VARCHAR',
  event_time: 'TIMESTAMPTZ',
  known_time: 'TIMESTAMPTZ',
  incident: 'BOOLEAN',
  source: 'VARCHAR',
} as const;

/** One row per reading, one DOUBLE column per name of a value. */
export class DuckdbParquetWriter extends ParquetWriter {
  async write(readings: readonly PayloadOf<typeof ReadingAccepted>[]): Promise<Uint8Array> {
    const base = join(tmpdir(), `headrace-lake-${randomUUID()}`);
    const [lines, parquet] = [`${base}.jsonl`, `${base}.parquet`];
    const names = [...new Set(readings.flatMap(({ values }) => Object.keys(values)))].sort();
    const columns = { ...fixed, ...Object.fromEntries(names.map((name) => [`value_${name}`, 'DOUBLE'])) };
    const types = Object.entries(columns).map(([name, type]) => `${quoteLiteral(name)}: '${type}'`);
    const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
    const connection = await instance.connect();
    try {
      await writeFile(lines, readings.map(toJsonLine).join('\n'));
      await connection.run(`
        COPY (SELECT * FROM read_json(${quoteLiteral(lines)}, format = 'newline_delimited', columns = {${types.join(', ')}}))
        TO ${quoteLiteral(parquet)} (FORMAT parquet, COMPRESSION zstd)`);
      return await readFile(parquet);
    } finally {
      connection.closeSync();
      instance.closeSync();
      await rm(lines, { force: true });
      await rm(parquet, { force: true });
    }
  }
}

function toJsonLine(reading: PayloadOf<typeof ReadingAccepted>): string {
  const { readingId, systemId, eventTime, knownTime, incident, source, values } = reading;
  const row = {
    reading_id: readingId,
    system_id: systemId,
    event_time: eventTime,
    known_time: knownTime,
    incident: incident ?? null,
    source: source ?? null,
  };
  return JSON.stringify({
    ...row,
    ...Object.fromEntries(Object.entries(values).map(([name, value]) => [`value_${name}`, value])),
  });
}

function quoteLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
