import { type PGlite } from '@electric-sql/pglite';

/** A write-ahead log longer than this is cut off; it also bounds what a start after a crash has to replay. */
const maxWalBytes = 32 * 1024 * 1024;

/**
 * Does what the background workers of a server do, which PGlite does not have: vacuums tables, so that a row rewritten
 * each second does not grow its table for ever, and checkpoints, so that the write-ahead log does not grow for ever. A
 * table is due at PostgreSQL's own threshold of dead rows, 50 + 20 % of the living.
 *
 * @see https://www.postgresql.org/docs/18/routine-vacuuming.html#AUTOVACUUM
 * @see https://www.postgresql.org/docs/18/wal-configuration.html
 */
export async function maintain(pglite: PGlite): Promise<void> {
  const due = await pglite.query<{ name: string }>(
    `SELECT format('%I.%I', schemaname, relname) AS name FROM pg_stat_user_tables
     WHERE n_dead_tup > 50 + 0.2 * n_live_tup`,
  );
  for (const { name } of due.rows) await pglite.exec(`VACUUM ${name}`);
  const log = await pglite.query<{ bytes: string }>(
    'SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), redo_lsn)::text AS bytes FROM pg_control_checkpoint()',
  );
  if (Number(log.rows[0]?.bytes ?? 0) > maxWalBytes) await pglite.exec('CHECKPOINT');
}
