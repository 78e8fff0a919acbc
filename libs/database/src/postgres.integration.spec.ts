import { FakeClock, describeWithServers } from '@headrace/testing';
import { expect, it } from 'vitest';
import { openDatabase } from './open-database.js';
import { Counter, counterSchema } from './testing/counter-schema.js';
import { describeDatabase } from './testing/database.contract.js';
import { killWhileCommitting } from './testing/kill-while-committing.js';

describeWithServers(['postgres'], 'PostgreSQL', (variable) => {
  const location = () => ({ url: variable('HEADRACE_TEST_DATABASE_URL') });
  describeDatabase('PostgreSQL', location);

  it('ends a lease with the connection of its holder', async () => {
    const schema = counterSchema();
    const options = { ...location(), schema, clock: new FakeClock(), source: 'test' };
    const [holder, other] = await Promise.all([openDatabase(options), openDatabase(options)]);
    await expect(
      holder.withLease('sweep', async () => {
        await other.manager.query(
          `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND
           ((classid::bigint << 32) | objid::bigint) = hashtextextended('headrace/lease/${schema.name}/sweep', 0)`,
        );
        expect(await other.withLease('sweep', async () => 'mine now')).toBe('mine now');
      }),
    ).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE', retryable: true });
    await expect(holder.check()).resolves.toBeUndefined();
    await other.manager.query(`DROP SCHEMA ${schema.name} CASCADE`);
    await Promise.all([holder.close(), other.close()]);
  });

  it('keeps every commit and its event when the process is killed', async () => {
    const schema = counterSchema();
    const said = await killWhileCommitting(schema.name, location(), 30);
    const database = await openDatabase({
      ...location(),
      schema,
      clock: new FakeClock(),
      source: 'test',
    });
    const { value } = await database.manager.findOneByOrFail(Counter, { id: 1 });
    expect(value).toBeGreaterThanOrEqual(said);
    const facts = (await database.outbox.pending(1_000)).map(({ fact }) => fact.id);
    expect(facts).toEqual(Array.from({ length: value }, (_, index) => `fact-${index + 1}`));
    await database.manager.query(`DROP SCHEMA ${schema.name} CASCADE`);
    await database.close();
  });
});
