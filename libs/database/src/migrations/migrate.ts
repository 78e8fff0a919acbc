import { type DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import { type DatabaseSchema } from '../database.js';
import { DatabaseTooNewError } from '../database-errors.js';
import { quoted } from '../quoted.js';
import { OwnTables1 } from './own-tables.js';

type MigrationClass = new () => MigrationInterface;

/**
 * Brings a schema up to date, all pending migrations in one transaction under an advisory lock: of several processes
 * that start together one migrates and the others find it done.
 *
 * TypeORM's own executor is not used: it finds unqualified names by the session's search path, which on PGlite all
 * services share, and it sorts by a number in the class name instead of the order that the schema states.
 *
 * @returns names of the migrations that ran
 */
export async function migrate(
  source: DataSource,
  schema: DatabaseSchema,
  now: Date,
): Promise<readonly string[]> {
  const known = migrationsOf(schema);
  return inMigration(source, schema.name, async (runner) => {
    const applied = await appliedNames(runner);
    const unknown = applied.filter((name) => !known.some((migration) => migration.name === name));
    if (unknown.length > 0) {
      throw new DatabaseTooNewError(
        `Schema ${schema.name} holds migrations that this release does not know (${unknown.join(', ')}); start the newer release, or revert them with it first`,
      );
    }
    const missing = known.filter(({ name }) => !applied.includes(name));
    for (const { name, migration } of missing) {
      await new migration().up(runner);
      await runner.query('INSERT INTO headrace_migrations (name, applied_at) VALUES ($1, $2)', [name, now]);
    }
    return missing.map(({ name }) => name);
  });
}

/** Takes back the last `count` migrations of the service; the library's own tables stay. Newest first. */
export async function revert(
  source: DataSource,
  schema: DatabaseSchema,
  count: number,
): Promise<readonly string[]> {
  const known = migrationsOf(schema);
  return inMigration(source, schema.name, async (runner) => {
    const applied = await appliedNames(runner);
    const last = known
      .slice(ownMigrations.length)
      .filter(({ name }) => applied.includes(name))
      .slice(-count)
      .reverse();
    for (const { name, migration } of last) {
      await new migration().down(runner);
      await runner.query('DELETE FROM headrace_migrations WHERE name = $1', [name]);
    }
    return last.map(({ name }) => name);
  });
}

const ownMigrations: readonly MigrationClass[] = [OwnTables1];

function migrationsOf(schema: DatabaseSchema): readonly { name: string; migration: MigrationClass }[] {
  return [...ownMigrations, ...schema.migrations].map((migration) => ({
    name: new migration().name ?? migration.name,
    migration,
  }));
}

async function inMigration<T>(
  source: DataSource,
  schema: string,
  work: (runner: QueryRunner) => Promise<T>,
): Promise<T> {
  const runner = source.createQueryRunner();
  try {
    await runner.startTransaction();
    try {
      await runner.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
        `headrace/migrate/${schema}`,
      ]);
      await runner.query(`CREATE SCHEMA IF NOT EXISTS ${quoted(schema)}`);
      await runner.query(`SET LOCAL search_path TO ${quoted(schema)}`);
      await runner.query(`
        CREATE TABLE IF NOT EXISTS headrace_migrations (
          position serial PRIMARY KEY,
          name text NOT NULL UNIQUE,
          applied_at timestamptz NOT NULL
        )`);
      const result = await work(runner);
      await runner.commitTransaction();
      return result;
    } catch (error) {
      if (runner.isTransactionActive) await runner.rollbackTransaction();
      throw error;
    }
  } finally {
    await runner.release();
  }
}

async function appliedNames(runner: QueryRunner): Promise<readonly string[]> {
  const rows = (await runner.query('SELECT name FROM headrace_migrations ORDER BY position')) as {
    name: string;
  }[];
  return rows.map(({ name }) => name);
}
