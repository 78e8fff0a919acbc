import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { checkFormatVersion } from '@headrace/embedded-storage';
import { describeError } from '@headrace/kernel';
import {
  MetricsStoreCorruptError,
  MetricsStoreFormatUnsupportedError,
  MetricsStoreInUseError,
  MetricsStoreUnavailableError,
} from '../metrics-store-errors.js';

const formatVersion = 1;
/** The operating system's lock on the file keeps other processes out, and is gone with its process; this keeps us out. */
const openHere = new Set<string>();

export interface DuckdbFile {
  readonly connection: DuckDBConnection;
  close(): void;
}

/** Opens the file of a metrics store, after checking that no one else has it open and that it is of this format. */
export async function openDuckdbFile(path: string): Promise<DuckdbFile> {
  if (openHere.has(path)) throw new MetricsStoreInUseError(`${path} is open already in this process`);
  openHere.add(path);
  try {
    mkdirSync(dirname(path), { recursive: true });
    const instance = await openInstance(path);
    const connection = await instance.connect();
    const close = (): void => {
      connection.closeSync();
      instance.closeSync();
      openHere.delete(path);
    };
    try {
      await provideTables(path, connection);
    } catch (error) {
      close();
      throw error;
    }
    return { connection, close };
  } catch (error) {
    openHere.delete(path);
    throw error;
  }
}

async function openInstance(path: string): Promise<DuckDBInstance> {
  try {
    return await DuckDBInstance.create(path, {
      threads: '2',
      memory_limit: '512MB',
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
    });
  } catch (error) {
    const message = describeError(error);
    if (/could not set lock|conflicting lock/i.test(message)) {
      const pid = /PID (\d+)/.exec(message)?.[1];
      throw new MetricsStoreInUseError(
        `${path} is in use by ${pid === undefined ? 'another process' : `process ${pid}`}; stop it, or give this process another data directory (HEADRACE_DATA_DIR)`,
        { cause: error },
      );
    }
    if (/version number|newer version|storage version/i.test(message)) {
      throw new MetricsStoreFormatUnsupportedError(`${path} was written by another DuckDB`, { cause: error });
    }
    if (/not a valid duckdb|corrupt|checksum|serializ|wal/i.test(message)) {
      throw new MetricsStoreCorruptError(`${path} is damaged; restore it, or move it away`, { cause: error });
    }
    throw new MetricsStoreUnavailableError(`${path} cannot be opened`, { cause: error });
  }
}

async function provideTables(path: string, connection: DuckDBConnection): Promise<void> {
  const tables = await queryRows(connection, `SELECT table_name FROM information_schema.tables ORDER BY 1`);
  const names = tables.map(([name]) => name);
  if (names.length > 0 && !names.includes('headrace_format')) {
    throw new MetricsStoreCorruptError(`${path} is a database, but not one of a metrics store`);
  }
  if (names.length === 0) {
    await connection.run(`
      BEGIN;
      CREATE TABLE headrace_format (version INTEGER NOT NULL);
      INSERT INTO headrace_format VALUES (${formatVersion});
      CREATE TABLE series (id INTEGER PRIMARY KEY, measurement VARCHAR NOT NULL, tags VARCHAR NOT NULL);
      CREATE TABLE points (series INTEGER NOT NULL, field VARCHAR NOT NULL, time BIGINT NOT NULL, value DOUBLE NOT NULL, written BIGINT NOT NULL);
      COMMIT;`);
    return;
  }
  const [version] = await queryRows(connection, 'SELECT version FROM headrace_format');
  checkFormatVersion(path, version?.[0], formatVersion, {
    unsupported: (message) => new MetricsStoreFormatUnsupportedError(message),
  });
}

async function queryRows(
  connection: DuckDBConnection,
  sql: string,
): Promise<readonly (readonly unknown[])[]> {
  const reader = await connection.runAndReadAll(sql);
  return reader.getRows();
}
