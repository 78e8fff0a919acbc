import { type PGlite } from '@electric-sql/pglite';

/**
 * Reclaims the space of replaced and deleted rows, as autovacuum does on a server: PGlite runs no background workers, so
 * that a row rewritten each second would grow its table for ever. A table is due at PostgreSQL's own threshold of dead
 * rows, 50 + 20 % of the living.
 *
 * @returns the tables that were vacuumed
 * @see https://www.postgresql.org/docs/18/routine-vacuuming.html#AUTOVACUUM
 */
export async function vacuumDueTables(pglite: PGlite): Promise<readonly string[]> {
  const { rows } = await pglite.query<{ name: string }>(
    `SELECT format('%I.%I', schemaname, relname) AS name FROM pg_stat_user_tables
     WHERE n_dead_tup > 50 + 0.2 * n_live_tup`,
  );
  const names = rows.map(({ name }) => name);
  for (const name of names) await pglite.exec(`VACUUM ${name}`);
  return names;
}
