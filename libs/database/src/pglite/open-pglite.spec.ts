import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, FakeClock } from '@headrace/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../open-database.js';
import { Counter, counterSchema } from '../testing/counter-schema.js';
import { describeDatabase } from '../testing/database.contract.js';
import { killWhileCommitting } from '../testing/kill-while-committing.js';
import { openPglite, type PgliteServer } from './open-pglite.js';

const directory = mkdtempSync(join(tmpdir(), 'headrace-pglite-'));
let server: PgliteServer;

beforeAll(async () => {
  server = await openPglite(directory);
});
afterAll(async () => {
  await server.close();
  rmSync(directory, { recursive: true, force: true });
});

describeDatabase('PGlite', () => ({ pglite: server }));

describe('the directory of PGlite', () => {
  it('is refused a second time in the same process', async () => {
    await expect(openPglite(directory)).rejects.toMatchObject({ code: 'DATABASE_DIRECTORY_UNREADABLE' });
  });

  it('stays as small as its rows when one row is rewritten for ever, as it would on a server', async () => {
    const busy = mkdtempSync(join(tmpdir(), 'headrace-pglite-busy-'));
    const pglite = await openPglite(busy, { maintainEveryMs: 5 });
    const schema = counterSchema();
    const database = await openDatabase({ pglite, schema, clock: new FakeClock(), source: 'test' });
    const { manager } = database;
    const table = `"${schema.name}".rewritten`;
    await manager.query(`CREATE TABLE ${table} (id integer PRIMARY KEY, body text)`);
    // 60 kB of text that does not compress.
    const body = (seed: number): Promise<unknown> =>
      manager.query(
        `INSERT INTO ${table} SELECT 1, string_agg(md5((i + $1)::text), '') FROM generate_series(1, 2000) AS i
         ON CONFLICT (id) DO UPDATE SET body = excluded.body`,
        [seed],
      );
    const rewrites = 300;
    for (let rewrite = 0; rewrite < rewrites; rewrite += 1) {
      await body(rewrite * 2000);
      if (rewrite % 60 === 59) {
        // PostgreSQL counts dead rows at most once a second, unless it is asked to.
        await manager.query('SELECT pg_stat_force_next_flush()');
        await eventually(async () => {
          const [vacuums] = await manager.query<{ count: number }[]>(
            `SELECT vacuum_count::int AS count FROM pg_stat_user_tables WHERE relname = 'rewritten'`,
          );
          expect(vacuums?.count).toBeGreaterThanOrEqual((rewrite + 1) / 60);
        });
      }
    }
    const [size] = await manager.query<{ bytes: number }[]>(
      `SELECT pg_total_relation_size('${table}')::int AS bytes`,
    );
    expect(size?.bytes).toBeLessThan((rewrites / 2) * 60_000);
    await database.close();
    await pglite.close();
    rmSync(busy, { recursive: true });
  });

  it('keeps a short write-ahead log, whatever was written', async () => {
    const busy = mkdtempSync(join(tmpdir(), 'headrace-pglite-log-'));
    const pglite = await openPglite(busy, { maintainEveryMs: 5 });
    const database = await openDatabase({
      pglite,
      schema: counterSchema(),
      clock: new FakeClock(),
      source: 'test',
    });
    const { manager } = database;
    for (let message = 0; message < 22; message += 1) {
      await manager.query(`SELECT pg_logical_emit_message(false, 'test', repeat('x', 8000000))`);
    }
    await eventually(async () => {
      const [log] = await manager.query<{ bytes: number }[]>(
        'SELECT sum(size)::int AS bytes FROM pg_ls_waldir()',
      );
      expect(log?.bytes).toBeLessThanOrEqual(128 * 1024 * 1024);
    });
    await database.close();
    await pglite.close();
    rmSync(busy, { recursive: true });
  });

  it('is refused when a newer release wrote it', async () => {
    const newer = mkdtempSync(join(tmpdir(), 'headrace-pglite-newer-'));
    writeFileSync(join(newer, 'format.json'), '{"format": 2, "postgresMajor": 18}');
    await expect(openPglite(newer)).rejects.toMatchObject({
      code: 'DATABASE_TOO_NEW',
      message: expect.stringContaining('newer release') as string,
    });
    rmSync(newer, { recursive: true });
  });

  it('is refused when its format is unknown', async () => {
    const damaged = mkdtempSync(join(tmpdir(), 'headrace-pglite-damaged-'));
    writeFileSync(join(damaged, 'format.json'), '{"format": ');
    await expect(openPglite(damaged)).rejects.toMatchObject({
      code: 'DATABASE_DIRECTORY_UNREADABLE',
      message: expect.stringContaining('format.json is damaged') as string,
    });
    rmSync(damaged, { recursive: true });
  });

  it('keeps every commit and its event when the process is killed, and its lock is taken over', async () => {
    const crashed = mkdtempSync(join(tmpdir(), 'headrace-pglite-crash-'));
    const schema = counterSchema();
    const said = await killWhileCommitting(schema.name, { directory: crashed }, 30);
    expect(existsSync(join(crashed, 'lock'))).toBe(true);
    const pglite = await openPglite(crashed);
    const database = await openDatabase({
      pglite,
      schema,
      clock: new FakeClock(),
      source: 'test',
    });
    const { value } = await database.manager.findOneByOrFail(Counter, { id: 1 });
    expect(value).toBeGreaterThanOrEqual(said);
    const facts = (await database.outbox.pending(1_000)).map(({ fact }) => fact.id);
    expect(facts).toEqual(Array.from({ length: value }, (_, index) => `fact-${index + 1}`));
    await database.close();
    await pglite.close();
    expect(existsSync(join(crashed, 'lock'))).toBe(false);
    rmSync(crashed, { recursive: true });
  });
});
